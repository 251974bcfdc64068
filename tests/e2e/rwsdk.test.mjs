// A RedwoodSDK app with Evenkeel in the place of its own stability plugins, in a real browser, under somebody's hands: a late
// dependency comes with a save into a server component, a client component and an action.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { actionSpares, clientSpares, serverSpares } from '../apps/rwsdk/spares.mjs'
import { openBrowser } from './lib/browser.mjs'
import { defaults, reloading } from './lib/guarded.mjs'
import { act, add, count, openPage, reopen, runs, startRwsdk, stateOf, type } from './lib/rwsdk.mjs'
import { untilAlive, untilShown, untilTold } from './lib/rwsdk.mjs'

for (const [where, env, loads] of [
  ['where runs reload', reloading({ position: 'last' }), 1],
  ['where runs add', defaults({ position: 'last' }), 0],
]) {
  describe(`RedwoodSDK ${where}`, () => {
    let app
    let browser
    let tab
    before(async () => {
      browser = await openBrowser()
      app = await startRwsdk({ env: { ...env, TRACE: '1' } })
      tab = await openPage(browser, app)
    })
    after(async () => {
      await browser.close()
      await app.stop()
    })

    /** One save of a person who has typed and clicked before, and all that the page made of it. */
    async function save(spare) {
      const { page, seen } = tab
      await reopen(tab)
      await type(page, 'typed')
      await count(page)
      const before = { state: await stateOf(page), documents: seen.documents, ran: await runs(app) }
      const troubleBefore = troubleOf(seen).length
      const logged = app.log().length
      const printed = () => app.log().slice(logged)
      const told = untilTold(tab, spare.kind)
      told.catch(() => {})
      await add(app, spare)
      if (spare.kind === 'action') {
        await told
        await act(page)
      }
      await untilShown(page, spare.shows).catch(async (error) => {
        throw new Error(`${error.message}\nthe page says:\n${await page.innerText('body')}\n${printed()}`, { cause: error })
      })
      await untilAlive(page)
      await told
      return {
        reloads: seen.documents - before.documents,
        trouble: troubleOf(seen).slice(troubleBefore),
        kept: { before: before.state, after: await stateOf(page) },
        ran: (await runs(app)) - before.ran,
        printed: printed(),
        optimized: new Set(printed().match(/(?<=^\[trace\] \d+ )\w+(?= commits)/gm)),
      }
    }

    for (const spare of serverSpares.slice(0, 3)) {
      test(`a server component with ${spare.dep} shows, and the page keeps its state`, async () => {
        const { reloads, trouble, kept } = await save(spare)
        assert.deepEqual({ reloads, trouble }, { reloads: 0, trouble: [] })
        assert.deepEqual(kept.after, kept.before)
      })
    }

    for (const spare of clientSpares.slice(0, 3)) {
      test(`a client component with ${spare.dep} shows within ${loads} page loads`, async () => {
        const { reloads, trouble, optimized, printed } = await save(spare)
        assert.ok(reloads <= loads, `${reloads} page loads\n${printed}`)
        assert.deepEqual(trouble, [])
        assert.deepEqual(optimized, new Set(['client', 'ssr']), 'and no optimizer runs that has nothing to optimize')
      })
    }

    // RedwoodSDK has a list of the client components of packages, which it bundles at the start.
    for (const [spare, which] of [
      [clientSpares[1], 'that a client component has'],
      [clientSpares[3], 'that nobody has'],
    ]) {
      test(`a server component with ${spare.dep} ${which} shows within ${loads} page loads`, async () => {
        const { reloads, trouble, printed } = await save(inServerComponent(spare))
        assert.ok(reloads <= loads, `${reloads} page loads\n${printed}`)
        // A page that is about to be loaded anew may run what is new with what is old, as Vite's pages do.
        if (loads === 0) assert.deepEqual(trouble, [])
      })
    }

    for (const spare of actionSpares.slice(0, 3)) {
      test(`an action with ${spare.dep} gives its result from the one click, and runs once`, async () => {
        const { reloads, trouble, kept, ran } = await save(spare)
        assert.deepEqual({ reloads, trouble, ran }, { reloads: 0, trouble: [], ran: 1 })
        assert.deepEqual(kept.after, kept.before)
      })
    }

    // The last: RedwoodSDK answers the save after an error with a page load.
    test('nothing else is to be had under the URL of a late client component', async () => {
      for (const file of ['/etc/hostname', path.join(app.root, 'package.json'), '/node_modules/zod/index.js']) {
        const response = await fetch(`${app.url}/@id/virtual:evenkeel-late-client-file:${file}.js`)
        assert.equal(response.status, 500, file)
        assert.match(await response.text(), /RedwoodSDK knows no client component/)
      }
    })
  })
}

/** The same use of a dependency, with words of its own. */
function inServerComponent({ dep, imports, use, shows }) {
  const words = (text) => text.replaceAll(' says 42', ' from the server')
  return { kind: 'server', dep, imports, use: words(use), shows: words(shows) }
}

function troubleOf({ pageErrors, consoleErrors, failures }) {
  return [...pageErrors, ...consoleErrors, ...failures]
}
