// A RedwoodSDK app with Evenkeel in the place of its own stability plugins, in a real browser, under somebody's hands: a late
// dependency comes with a save into a server component, a client component and an action.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { actionSpares, clientSpares, serverSpares } from '../apps/rwsdk/spares.mjs'
import { openBrowser } from './lib/browser.mjs'
import { defaults, reloading } from './lib/guarded.mjs'
import { act, add, count, openPage, reopen, runs, startRwsdk, stateOf, type } from './lib/rwsdk.mjs'
import { untilAlive, untilShown, untilTold } from './lib/rwsdk.mjs'

for (const [where, env] of [
  ['where runs reload', reloading({ position: 'last' })],
  ['where runs add', defaults({ position: 'last' })],
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
      test(`a client component with ${spare.dep} shows within one reload`, async () => {
        const { reloads, trouble, optimized, printed } = await save(spare)
        assert.ok(reloads <= 1, `${reloads} reloads\n${printed}`)
        assert.deepEqual(trouble, [])
        assert.deepEqual(optimized, new Set(['client', 'ssr']), 'and no optimizer runs that has nothing to optimize')
      })
    }

    for (const spare of actionSpares.slice(0, 3)) {
      test(`an action with ${spare.dep} gives its result from the one click, and runs once`, async () => {
        const { reloads, trouble, kept, ran } = await save(spare)
        assert.deepEqual({ reloads, trouble, ran }, { reloads: 0, trouble: [], ran: 1 })
        assert.deepEqual(kept.after, kept.before)
      })
    }
  })
}

function troubleOf({ pageErrors, consoleErrors, failures }) {
  return [...pageErrors, ...consoleErrors, ...failures]
}
