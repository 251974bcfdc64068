// A worker that borrows modules from a second environment: both sides stay in step, and clean ids never meet a hash that is gone.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { getPages, keyOf, latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { copyApp, startApp } from './lib/app.mjs'
import { bridgedServer } from './lib/bridged-server.mjs'
import { defaults, guarded } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { until } from './lib/waiting.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const json = async (server, path, options) => JSON.parse((await visit(server, path, options)).text)
/** How many a `full-reload`s each environment was sent. */
const sentReloads = (server) => json(server, '/__reloads')

for (const [name, env] of [
  ['foreseen', defaults()],
  ['recovered', guarded()],
]) {
  describe(`late dependencies of the lending side, ${name}`, () => {
    let server
    let results
    before(async () => {
      server = await startApp({ app: 'bridged', env })
      results = await visitAll(server, pages)
    })
    after(() => server?.stop())

    test('the first answer of every page is right', () => {
      const wrong = results.filter((result) => !isRight(result.page, result))
      assert.deepEqual(wrong.map(({ page, status, text }) => [keyOf(page), status, text.slice(0, 200)]), [])
      assert.ok(reloads(server.log()) > 0, 'nothing was re-optimized: this test shows nothing')
    })

    test(name === 'foreseen' ? 'and none is a redirect' : 'and some were re-issued', () => {
      const reissued = results.filter(({ redirects }) => redirects > 0).map(({ page }) => keyOf(page))
      if (name === 'foreseen') assert.deepEqual(reissued, [])
      else assert.notDeepEqual(reissued, [], 'nothing was late: this test shows nothing')
    })

    test('no answer is of two generations', () => {
      const mixed = results.filter(({ headers }) => {
        const [atStart, atEnd] = headers.get('x-react-copies')?.split('/') ?? []
        return atStart !== atEnd
      })
      assert.deepEqual(mixed.map(({ page, headers }) => [keyOf(page), headers.get('x-react-copies')]), [])
    })

    if (name === 'foreseen') {
      test('every handler started exactly once', async () => {
        assert.deepEqual(await counts(server), Object.fromEntries(pages.map((page) => [keyOf(page), 1])))
      })
    }

    test('the borrowing side is reloaded as often as the lending side', async () => {
      const { ssr, worker } = await sentReloads(server)
      assert.ok(ssr > 0)
      assert.equal(worker, ssr)
      assert.equal(reloads(server.log()), ssr, 'each is an optimizer run of the lending side')
    })

    test('borrowed modules follow the rules of the side they come from', async () => {
      assert.deepEqual(await json(server, '/sides'), { here: 'worker', there: 'ssr' })
    })

    test('and so does what is no JavaScript', async () => {
      assert.deepEqual(await json(server, '/assets'), { text: 'raw text', data: { answer: 42 }, named: 'string' })
    })

    test('an error names the line of the source that threw it', async () => {
      const { status } = await visit(server, '/throws-there')
      assert.equal(status, 500)
      const printed = () => server.log().match(/thrown in ssr\.tsx\s+at answer \((.*)\)/)?.[1]
      assert.match(await until('the error is printed', printed), /bridged\/src\/ssr\.tsx:20:\d+$/)
    })
  })
}

describe('the state of a module', () => {
  /** Makes late pages reload both sides. */
  async function reload(server) {
    const before = reloads(server.log())
    for (const page of getPages) await visit(server, page)
    assert.ok(reloads(server.log()) > before, 'nothing was reloaded: this test shows nothing')
  }

  for (const [keep, whatHappens] of [
    ['on', 'outlives a re-optimization, its contexts too'],
    ['off', 'does not outlive it otherwise'],
  ]) {
    test(whatHappens, async () => {
      const server = await startApp({ app: 'bridged', env: { ...guarded(), KEEP_STATE: keep } })
      try {
        const kept = keep === 'on'
        const first = await json(server, '/state')
        assert.deepEqual([first.kept, first.notKept], [1, 1])

        // Its method keeps it from being re-issued: it lives through the reload.
        const held = json(server, '/held', { method: 'POST', body: '' })
        await reload(server)

        const second = await json(server, '/state')
        assert.equal(second.notKept, 1, 'a module that is not kept is evaluated anew')
        assert.equal(second.kept, kept ? 2 : 1)
        assert.equal(second.evaluated === first.evaluated, kept)
        assert.deepEqual(await held, { evaluated: first.evaluated, before: 'held', after: kept ? 'held' : 'nowhere' })

        const { headers } = await visit(server, '/')
        assert.equal(headers.get('x-context'), '/', 'and new contexts reach through borrowed modules')
      } finally {
        await server.stop()
      }
    })
  }
})

describe('a clean id', () => {
  let bridged
  before(async () => {
    bridged = await bridgedServer()
  })
  after(() => bridged?.stop())

  for (const id of ['react', 'react-dom/server', 'nanoid']) {
    test(`${id} is answered with the hash of now by the bridge, and not without it`, async () => {
      const { ssr, worker } = bridged.server.environments
      const unbridged = async () => {
        const answer = await ssr.fetchModule(id, undefined, { cached: false }).catch((error) => error)
        return answer instanceof Error ? answer.message : answer.id
      }
      const hashes = (text) => [...text.matchAll(/\?v=([0-9a-f]{8})/g)].map(([, hash]) => hash)
      /** What the borrowing side evaluates, down to the modules that import nothing. */
      const borrowed = async (url) => {
        const { code, deps } = await worker.transformRequest(url)
        const [direct, ...further] = [code, ...(await Promise.all(deps.map(borrowed)))]
        return direct + further.join('')
      }

      // In both graphs before the re-optimization, as while an app runs. What is not known yet is asked for by its clean id.
      await borrowed(`virtual:app:ssr:${id}`)
      await unbridged()
      await bridged.reoptimize()

      const { browserHash, optimized } = ssr.depsOptimizer.metadata
      assert.ok(id in optimized)
      assert.ok(!(await unbridged()).includes(`v=${browserHash}`), 'Vite itself finds the hash of now: this test shows nothing')
      const code = await borrowed(`virtual:app:ssr:${id}`)
      assert.match(code, /__vite_ssr_export/)
      assert.deepEqual([...new Set(hashes(code))].filter((hash) => hash !== browserHash), [])
    })
  }
})

describe('a save', () => {
  let app
  let server
  before(async () => {
    app = await copyApp('bridged')
    server = await startApp({ root: app.root, env: guarded() })
    await visit(server, '/draft')
  })
  after(async () => {
    await server?.stop()
    await app.remove()
  })

  /** How many reloads it takes until a page shows what was saved, and until nothing more comes. */
  async function sentFor(file, text, shows) {
    const before = await sentReloads(server)
    await writeFile(path.join(app.root, file), text)
    await until(`${file} is seen as it was saved`, shows)
    // An echo would come with the reloads, or by what they make the other side do.
    for (let quiet = 0; quiet < 3; quiet++) await shows()
    const after = await sentReloads(server)
    return { ssr: after.ssr - before.ssr, worker: after.worker - before.worker }
  }

  for (const number of [1, 2, 3]) {
    test(`of a file that is in both graphs reloads both sides once, ${number}`, async () => {
      const text = `shared ${number}`
      const both = async () => {
        const { here, there } = await json(server, '/shared')
        return here === text && there === text
      }
      assert.ok(!(await both()))
      assert.deepEqual(await sentFor('src/shared.ts', `export const shared = '${text}'\n`, both), { ssr: 1, worker: 1 })
    })

    test(`of a file of the lending side reloads both sides once, ${number}`, async () => {
      const page = `export default () => <p>draft ${number}</p>\n`
      const shown = async () => (await visit(server, '/draft')).text.includes(`draft ${number}`)
      assert.ok(!(await shown()))
      assert.deepEqual(await sentFor('src/draft.tsx', page, shown), { ssr: 1, worker: 1 })
    })

    test(`of a file of the borrowing side leaves the lending side alone, ${number}`, async () => {
      const latecomer = `export { whereabouts } from './state'\nexport const number = ${number}\n`
      const worker = `import './latecomer'\nimport './shared'\nexport default { fetch: () => new Response('worker ${number}') }\n`
      void latecomer
      const shown = async () => (await visit(server, '/anything')).text === `worker ${number}`
      const original = await (await import('node:fs/promises')).readFile(path.join(app.root, 'src/worker.ts'), 'utf8')
      assert.deepEqual(await sentFor('src/worker.ts', worker, shown), { ssr: 0, worker: 1 })
      await sentFor('src/worker.ts', original, async () => (await visit(server, '/sides')).text.includes('there'))
    })
  }
})
