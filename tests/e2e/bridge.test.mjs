// A worker that borrows modules from a second environment: both sides stay in step, and clean ids never meet a hash that is gone.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { getPages, keyOf, latePages, otherMethodPages, spareDeps } from '../apps/pages/table.mjs'
import { copyApp, startApp } from './lib/app.mjs'
import { bridgedServer } from './lib/bridged-server.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { adding, guarded, reloading } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { appsFolder } from './lib/paths.mjs'
import { until } from './lib/waiting.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const json = async (server, path, options) => JSON.parse((await visit(server, path, options)).text)
/** How many `full-reload`s each environment was sent. */
const sentReloads = (server) => json(server, '/__reloads')

for (const [name, env] of [
  ['added', adding()],
  ['foreseen', reloading()],
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
      assert.equal(reloads(server.log()) > 0, name !== 'added', 'nothing was re-optimized: this test shows nothing')
    })

    test(name === 'recovered' ? 'and some were re-issued' : 'and none is a redirect', () => {
      const reissued = results.filter(({ redirects }) => redirects > 0).map(({ page }) => keyOf(page))
      if (name !== 'recovered') assert.deepEqual(reissued, [])
      else assert.notDeepEqual(reissued, [], 'nothing was late: this test shows nothing')
    })

    test('no answer comes from a render that saw two generations', () => {
      // An action that has not failed is not run again, so that only a render can be asked for this.
      const renders = results.filter(({ page }) => page.method === 'GET' || page.usesReact)
      const copies = ({ headers }) => headers.get('x-react-copies').split('/')
      const mixed = renders.filter((result) => copies(result)[0] !== copies(result)[1])
      assert.deepEqual(mixed.map((result) => [keyOf(result.page), copies(result)]), [])
    })

    if (name !== 'recovered') {
      test('every handler started exactly once', async () => {
        assert.deepEqual(await counts(server), Object.fromEntries(pages.map((page) => [keyOf(page), 1])))
      })
    }

    test('the borrowing side is reloaded as often as the lending side', async () => {
      const { ssr, worker } = await sentReloads(server)
      assert.equal(ssr > 0, name !== 'added')
      assert.equal(worker, ssr)
      assert.equal(reloads(server.log()), ssr, 'each is an optimizer run of the lending side')
    })

    test('borrowed modules follow the rules of the side they come from, with the builtins of the other', async () => {
      assert.deepEqual(await json(server, '/sides'), { here: 'worker', there: 'ssr', builtins: true })
    })

    test('and so does what is no JavaScript', async () => {
      assert.deepEqual(await json(server, '/assets'), { text: 'raw text', data: { answer: 42 }, named: 'string' })
    })

    test('an error names the line of the source that threw it', async () => {
      const { status } = await visit(server, '/throws-there')
      assert.equal(status, 500)
      const printed = () => server.log().match(/thrown in ssr\.tsx\s+at answer \((.*)\)/)?.[1]
      assert.match(await until('the error is printed', printed), /bridged\/src\/ssr\.tsx:23:\d+$/)
    })
  })
}

describe('the state of a module', () => {
  /** Visits late pages until one of them has reloaded both sides. */
  async function reload(server) {
    const before = reloads(server.log())
    for (const page of getPages) {
      await visit(server, page)
      if (reloads(server.log()) > before) return
    }
    assert.fail('nothing was reloaded: this test shows nothing')
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
        await visit(server, '/release')

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
      /** The code of a module and of all that it imports, as the borrowing side evaluates it. */
      const borrowed = async (url, met = new Set()) => {
        met.add(url)
        const { code, deps, dynamicDeps } = await worker.transformRequest(url)
        const imported = [...deps, ...dynamicDeps].filter((dep) => !met.has(dep))
        let all = code
        for (const dep of imported) all += await borrowed(dep, met)
        return all
      }

      // In both graphs before the re-optimization, as while an app runs. What is not known yet is asked for by its clean id.
      await borrowed(`virtual:app:ssr:${id}`)
      await unbridged()
      const loaded = loadsOf(ssr)
      await bridged.reoptimize()

      const { browserHash, optimized } = ssr.depsOptimizer.metadata
      assert.ok(id in optimized)
      const without = await unbridged()
      assert.ok(!without.includes(`v=${browserHash}`), `Vite itself finds the hash of now: this test shows nothing: ${without}`)
      const code = await borrowed(`virtual:app:ssr:${id}`)
      const hashes = new Set([...code.matchAll(/\?v=([0-9a-f]{8})/g)].map(([, hash]) => hash))
      hashes.delete(browserHash)
      const ofNow = ssr.depsOptimizer.getOptimizedDepId(optimized[id])
      assert.ok(loaded.has(ofNow), 'the file of now is what was borrowed')
      assert.deepEqual([...hashes], [], 'and nothing that it imports is of before')
    })
  }
})

test('a clean id that waits for a run that adds is answered behind it', async () => {
  const bridged = await bridgedServer({})
  try {
    const { config, environments } = bridged.server
    const { depsOptimizer } = environments.ssr
    const { api } = config.plugins.find(({ name }) => name === 'evenkeel')
    const { dep, module } = latePages[0]
    await environments.ssr.transformRequest(path.join(appsFolder, 'pages', module))
    assert.ok(dep in depsOptimizer.metadata.discovered, 'its run is over already: this test shows nothing')
    const answered = await api.resolveOptimizedId('ssr', dep)
    assert.equal(answered, depsOptimizer.getOptimizedDepId(depsOptimizer.metadata.optimized[dep]))
  } finally {
    await bridged.stop()
  }
})

/** The ids that an environment loads from now on. */
function loadsOf({ pluginContainer }) {
  const loaded = new Set()
  const load = pluginContainer.load.bind(pluginContainer)
  pluginContainer.load = (id, ...options) => {
    loaded.add(id)
    return load(id, ...options)
  }
  return loaded
}

for (const [additive, what] of [[false, 'outlives reloads of the borrowing side alone'], [true, 'outlives all that is added to the lending side']]) {
  test(`what is borrowed of the lending side's optimizer ${what}`, async () => {
    const bridged = await bridgedServer({ additive })
    try {
      const { worker } = bridged.server.environments
      const [file, source] = ['virtual:app:ssr:react', 'virtual:app:ssr:/src/ssr.tsx']
      const kept = () => [file, source].filter((id) => worker.moduleGraph.getModuleById(id)?.transformResult)
      for (const id of [file, source]) await worker.transformRequest(id)
      assert.deepEqual(kept(), [file, source])
      worker.moduleGraph.invalidateAll()
      assert.deepEqual(kept(), [file])
      await (additive ? bridged.meet() : bridged.reoptimize())
      worker.moduleGraph.invalidateAll()
      assert.deepEqual(kept(), additive ? [file] : [])
    } finally {
      await bridged.stop()
    }
  })
}

test('a dependency is given the import.meta.env of the side that it is borrowed from', async () => {
  const bridged = await bridgedServer()
  try {
    const { ssr, worker } = bridged.server.environments
    const load = ssr.pluginContainer.load.bind(ssr.pluginContainer)
    ssr.pluginContainer.load = async (id) => {
      const loaded = await load(id)
      if (!id.includes('/react.js?')) return loaded
      return { ...loaded, code: `${loaded.code}\nexport const side = import.meta.env.SIDE` }
    }
    const { code } = await worker.transformRequest('virtual:app:ssr:react')
    assert.match(code, /\bside = "ssr"/)
  } finally {
    await bridged.stop()
  }
})

test('a start with a new static import of the lending side is like any other', async () => {
  const session = await openSession('bridged', { page: 'home', env: guarded() })
  try {
    const next = draft(1, spareDeps.filter(({ usesReact }) => usesReact))
    await session.restart(() => session.save(next))
    const answer = await session.ask()
    assert.ok(shows(next, answer), answer.text)
    assert.equal(answer.redirects, 0)
  } finally {
    await session.close()
  }
})

describe('a save', () => {
  let app
  let server
  before(async () => {
    app = await copyApp('bridged')
    server = await startApp({ root: app.root, env: guarded() })
    for (const path of ['/draft', '/shared']) await visit(server, path)
  })
  after(async () => {
    await server?.stop()
    await app.remove()
  })
  const file = (name) => path.join(app.root, 'src', name)

  /**
   * How many reloads each side is sent for a save, up to when it is seen and a while longer: an echo would come then.
   * `saves` is how often Vite has seen the lending side saved: twice, when it looked while the file was still empty.
   */
  async function sentFor(name, text, isSeen) {
    assert.ok(!(await isSeen()))
    const from = server.log().length
    const before = await sentReloads(server)
    await writeFile(file(name), text)
    await until(`${name} is seen as it was saved`, isSeen)
    for (let further = 0; further < 5; further++) assert.ok(await isSeen())
    const after = await sentReloads(server)
    const log = server.log().slice(from)
    const saves = log.match(/\(ssr\) page reload/g)?.length ?? 0
    return { sent: { ssr: after.ssr - before.ssr, worker: after.worker - before.worker }, saves, log }
  }

  /** Each side was sent one reload for each save that Vite has seen, and for each of `others`. */
  function assertOncePerSave({ sent, saves, log }, others = 0) {
    assert.ok(saves > 0, log)
    assert.deepEqual(sent, { ssr: saves + others, worker: saves + others }, log)
  }

  /** A file between saves may be empty for a moment: only what is answered counts. */
  async function sides() {
    const { status, text } = await visit(server, '/shared')
    return status === 200 ? JSON.parse(text) : {}
  }

  for (const round of [1, 2]) {
    for (const [name, what, itself] of [
      ['shared', 'for which Vite reloads only the lending one', 1],
      ['loose', 'for which Vite reloads both in one turn', 2],
    ]) {
      test(`of a file of both sides, ${what}, reloads each of them once, ${round}`, async () => {
        const value = `${name} ${round}`
        const isSeen = async () => {
          const { here, there } = await sides()
          return here?.[name] === value && there?.[name] === value
        }
        const text = `export const ${name} = '${value}'\n`
        const seen = await sentFor(`${name}.ts`, text, isSeen)
        assertOncePerSave(seen)
        assert.equal(seen.log.match(/page reload/g).length, itself * seen.saves, seen.log)
      })
    }

    test(`of a file of the lending side reloads each of them once, ${round}`, async () => {
      const next = draft(round)
      const isSeen = async () => shows(next, await visit(server, '/draft'))
      assertOncePerSave(await sentFor('draft.tsx', next.source, isSeen))
    })

    test(`of a file of the borrowing side reloads nothing, since the worker's entry accepts it, ${round}`, async () => {
      const text = await readFile(file('worker.ts'), 'utf8')
      const isSeen = async () => (await sides()).round === round
      const next = text.replace(/(there: sharedThere\(\)).* }\)$/m, `$1, round: ${round} })`)
      const { sent, log } = await sentFor('worker.ts', next, isSeen)
      assert.deepEqual(sent, { ssr: 0, worker: 0 }, log)
    })
  }

  test('that brings in late dependencies reloads both sides once for each cause', async () => {
    const next = draft(3, spareDeps.filter(({ usesReact }) => usesReact))
    const isSeen = async () => shows(next, await visit(server, '/draft'))
    const seen = await sentFor('draft.tsx', next.source, isSeen)
    const runs = reloads(seen.log)
    assert.ok(runs > 0, 'no optimizer run reloaded anything: this test shows nothing')
    assertOncePerSave(seen, runs)
  })

  test('of a file of the lending side that accepts it itself is seen without a reload', async () => {
    const accepting = (number) => {
      const next = draft(number)
      return { next: `${next.source}import.meta.hot?.accept()\n`, isSeen: async () => shows(next, await visit(server, '/draft')) }
    }
    const [first, second] = [accepting(4), accepting(5)]
    await sentFor('draft.tsx', first.next, first.isSeen)
    const { sent, log } = await sentFor('draft.tsx', second.next, second.isSeen)
    assert.deepEqual(sent, { ssr: 0, worker: 0 }, log)
  })
})
