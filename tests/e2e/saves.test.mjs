// A save that imports something new: it is added, or the crawl is there at once and requests wait for it, so that what is left for
// recovery are requests that were faster than the file watcher.
import assert from 'node:assert/strict'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { spareDeps } from '../apps/pages/table.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { defaults, guarded, reloading } from './lib/guarded.mjs'
import { reloads, saveLine, trouble } from './lib/log.mjs'
import { saveAtOnce } from './lib/save-at-once.mjs'
import { until } from './lib/waiting.mjs'

const settings = [
  { app: 'worker', where: 'where runs reload', env: reloading() },
  { app: 'hono', where: 'where runs add', env: defaults(), adds: true },
]
const spare = (name) => spareDeps.find(({ dep }) => dep === name)

/** Milliseconds from the change to the request. */
const delays = [0, 50, 200, 1000]

for (const [offset, { app, where, env, adds }] of settings.entries()) {
  for (const page of ['draft', 'home']) {
    describe(`${app} ${where}, a new import in ${page === 'draft' ? 'a page' : 'what the entry imports statically'}`, () => {
      let session
      let foreseen = 0
      before(async () => {
        session = await openSession(app, { page, env })
      })
      after(() => session?.close())

      for (const [at, spare] of spareDeps.entries()) {
        // The apps share out the combinations of method and delay.
        const turn = at + offset * (spareDeps.length + 1)
        const method = turn % 2 && page === 'draft' ? 'POST' : 'GET'
        const delay = delays[(turn >> 1) % delays.length]

        test(`${spare.dep}, ${method} ${delay} ms later`, async () => {
          const next = draft(at + 1, [spare])
          const change = () => session.save(next)
          const met = await session.changeAndAsk(change, { method, delay: () => pause(delay) })
          isRightAnswer(session, next, met)
          if (met.seenBefore) foreseen++
          if (method === 'POST') assert.equal(met.started, 1, 'the handler of a POST starts exactly once')
          await session.comesTo(next)
        })
      }

      test('and mostly Vite was faster than the request', () => {
        // Otherwise requests were not asked behind a save that was seen.
        assert.ok(foreseen >= spareDeps.length / 2, `${foreseen} of ${spareDeps.length}`)
      })

      if (adds) test('and no run of the optimizer has reloaded anything', () => assert.equal(reloads(session.server.log()), 0, session.server.log()))
    })
  }
}

test('without foresight the same saves are met by requests', async () => {
  const session = await openSession('worker', { env: guarded() })
  try {
    let redirects = 0
    for (const [at, spare] of spareDeps.slice(1, 4).entries()) {
      const next = draft(at + 1, [spare])
      const printed = session.printing()
      const delay = () => until('Vite sees the save', () => saveLine.test(printed()))
      const { answer } = await session.changeAndAsk(() => session.save(next), { method: 'GET', delay })
      redirects += answer.redirects
      await session.comesTo(next)
    }
    assert.ok(redirects > 0, 'nothing was late: these tests show nothing')
  } finally {
    await session.close()
  }
})

for (const { where, env } of settings) {
  describe(`other kinds of saves, ${where}`, () => {
    let session
    before(async () => {
      session = await openSession('worker', { env })
    })
    after(() => session?.close())
    let number = 0
    const next = (...names) => draft(++number, names.map(spare))
    const seen = (printed) => until('Vite sees what changed', () => saveLine.test(printed()))
    /** Lets Vite be first, and asks for the page then. */
    async function changeSeeAndAsk(change, options) {
      const printed = session.printing()
      return session.changeAndAsk(change, { method: 'GET', delay: () => seen(printed), ...options })
    }

    test('nothing new in it', async () => {
      const saved = next()
      isRightAnswer(session, saved, await changeSeeAndAsk(() => session.save(saved)))
      session.shown = saved
    })

    test('a file is moved over the old one, as many editors do', async () => {
      const saved = next('mitt')
      const move = async () => {
        await writeFile(session.inRoot('.draft.new'), saved.source)
        await rename(session.inRoot('.draft.new'), session.inRoot('src/draft.tsx'))
      }
      isRightAnswer(session, saved, await changeSeeAndAsk(move))
      await session.comesTo(saved)
    })

    for (const gap of [1, 5, 20, 40]) {
      test(`a formatter saves once more ${gap} ms after Vite saw the save`, async () => {
        const [unformatted, formatted] = [next('valtio'), next('valtio', 'klona')]
        const printed = session.printing()
        await session.save(unformatted)
        await seen(printed)
        await pause(gap)
        await session.save(formatted)
        // Vite's watcher swallows the second save.
        await session.comesTo(formatted)
        const saved = next()
        await session.save(saved)
        await session.comesTo(saved)
      })
    }

    test('five in a row, with requests in between', async () => {
      const saves = spareDeps.slice(5, 10).map(({ dep }) => next(dep))
      const asked = []
      for (const saved of saves) {
        await session.save(saved)
        await pause(30)
        asked.push(session.ask())
      }
      for (const answer of await Promise.all(asked)) {
        assert.ok([session.shown, ...saves].some((saved) => shows(saved, answer)), `${answer.status} ${answer.text}`)
      }
      await session.comesTo(saves.at(-1))
    })

    test('it does not compile, and is corrected', async () => {
      const [broken, corrected] = [{ source: 'export default function (' }, next('react-intersection-observer')]
      const printed = session.printing()
      await session.save(broken)
      await seen(printed)
      assert.equal((await session.ask()).status, 500)
      isRightAnswer(session, corrected, { ...(await changeSeeAndAsk(() => session.save(corrected))) })
      await session.comesTo(corrected)
    })
  })
}

/** A page's content: all that is in a folder. */
const globbed = {
  imports: "const parts = import.meta.glob('./parts/*.tsx', { eager: true, import: 'Part' })",
  content: 'Object.entries(parts).map(([name, Part]: any) => <Part key={name} />)',
  expect: '<h1>',
}

/** Keeps the next server from listening, so that a save comes before it: once it listens, Vite has forgotten which modules have glob imports. */
const configThatWaits = `import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { viteConfig } from '../setup/vite-config.mjs'

export default async () => {
  const { plugins, ...config } = await viteConfig(process.env)
  return { ...config, plugins: [held, ...plugins] }
}

const held = {
  name: 'fixture:held',
  async configureServer({ config }) {
    console.log('the server is held')
    while (!existsSync(config.root + '/go-on')) await pause(10)
  },
}
`

describe('files that a glob import picks up', () => {
  const part = ({ imports, content }) => `${imports}\nexport const Part = () => <b>{${content}}</b>\n`
  const page = (...deps) => ({ expects: ['<h1>draft 0</h1>', ...deps.map((dep) => `<b>${dep.expect}</b>`)] })
  const without = { expects: ['<h1>draft 0</h1><div></div>'] }

  let session
  before(async () => {
    session = await openSession('worker', { first: draft(0, [globbed]) })
    await mkdir(session.inRoot('src/parts'))
  })
  after(() => session?.close())

  for (const [index, delay] of delays.entries()) {
    const [one, two] = ['valtio', 'slugify', 'use-debounce', 'klona'].map(spare).slice(index % 2 ? 0 : 2)
    const file = (name) => session.inRoot(`src/parts/${name}.tsx`)

    test(`created, and asked for ${delay} ms later`, async () => {
      for (const [name, dep, next] of [['one', one, page(one)], ['two', two, page(one, two)]]) {
        const create = () => writeFile(file(name), part(dep))
        isRightAnswer(session, next, await session.changeAndAsk(create, { method: 'GET', delay: () => pause(delay) }))
        await session.comesTo(next)
      }
    })

    test(`deleted, and asked for ${delay} ms later`, async () => {
      for (const [name, next] of [['one', page(two)], ['two', without]]) {
        const remove = () => rm(file(name))
        isRightAnswer(session, next, await session.changeAndAsk(remove, { method: 'GET', delay: () => pause(delay) }))
        await session.comesTo(next)
      }
    })
  }
})

test('a file is created after a page with a glob import has been saved while Vite restarts', async () => {
  const session = await openSession('worker', { first: draft(0, [globbed]) })
  const saved = draft(1, [globbed])
  try {
    await mkdir(session.inRoot('src/parts'))
    const printed = session.printing()
    await saveAtOnce(session.root, 'vite.config.mjs', configThatWaits)
    await until('the next server is being made', () => /the server is held/.test(printed()))
    await session.save(saved)
    await session.comesTo(saved)
    await writeFile(session.inRoot('go-on'), '')
    await until('Vite has restarted', () => /server restarted/.test(printed()))
    await session.comesTo(saved)
    await writeFile(session.inRoot('src/parts/one.tsx'), 'export const Part = () => <b>here</b>\n')
    await session.comesTo({ expects: ['<h1>draft 1</h1><div><b>here</b>'] })
  } finally {
    await session.close()
  }
})

describe('a save while the server is down', () => {
  for (const page of ['draft', 'home']) {
    test(`${page}: the warm start answers right`, async () => {
      const session = await openSession('worker', { page })
      try {
        const next = draft(1, [spare('valtio'), spare('mitt')])
        await session.restart(() => session.save(next))
        const answer = await session.ask()
        assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
      } finally {
        await session.close()
      }
    })
  }
})

test('after Vite has restarted itself, saves are foreseen as before', async () => {
  const session = await openSession('worker')
  try {
    const printed = session.printing()
    // Moved over the old one: Vite would restart with a half-written config.
    await writeFile(session.inRoot('.new.mjs'), "import { viteConfig } from '../setup/vite-config.mjs'\n\nexport default () => viteConfig(process.env)\n")
    await rename(session.inRoot('.new.mjs'), session.inRoot('vite.config.mjs'))
    await until('Vite restarts', () => /server restarted/.test(printed()))
    const next = draft(1, [spare('valtio')])
    await session.comesTo(session.shown)
    const saved = session.printing()
    const delay = () => until('Vite sees the save', () => saveLine.test(saved()))
    const met = await session.changeAndAsk(() => session.save(next), { method: 'POST', delay })
    isRightAnswer(session, next, met)
    assert.equal(met.started, 1)
  } finally {
    await session.close()
  }
})

/** Once Vite has seen a save, nothing that the crawl met may be noticed. Until then what was before is right, too. */
function isRightAnswer({ shown }, next, { answer, seenBefore, printed }) {
  const right = shows(next, answer) || (!seenBefore && shows(shown, answer))
  assert.ok(right, `${seenBefore ? 'after' : 'before'} Vite saw the save: ${answer.status} ${answer.text}`)
  if (!seenBefore) return
  assert.equal(answer.redirects, 0, printed())
  assert.deepEqual(trouble(printed()), [])
}
