// Eleven dependencies come late to an app in Chromium, one after another. Where runs add, its page stays as it is: it is not
// loaded again, and keeps what somebody has typed. The bare stack is measured in the same run.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from './lib/browser.mjs'
import { keepsState, lateDependencies, leaveState, meet, openClient, startClientApp } from './lib/client-app.mjs'
import { addingAlone, defaults } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

test('without Evenkeel the page is loaded again and again, and loses what it had', async () => {
  const bare = await work({}, { untilLoads: 5 })
  assert.ok(bare.loads >= 5, `${bare.loads} loads: this shows nothing on a stack that is right by itself`)
  assert.ok(bare.kept.length < lateDependencies.length)
})

for (const [title, env] of [
  ['with Evenkeel', defaults()],
  ['where runs add, with nothing else', addingAlone()],
]) {
  describe(title, () => {
    let seen
    before(async () => (seen = await work(env)))

    test('every dependency is shown', () => assert.deepEqual(seen.shown, names, seen.log))
    test('the page is never loaded again', () => {
      assert.equal(seen.loads, 0, seen.log)
      assert.equal(seen.reloads, 0, seen.log)
    })
    test('it keeps its state', () => assert.deepEqual(seen.kept, names))
    test('nothing goes wrong in it', () => assert.deepEqual(seen.trouble, []))
  })
}

const names = lateDependencies.map(({ dep }) => dep)

/** What a person sees who works through the list, or gives up after so many loads of the page. */
async function work(env, { untilLoads = Infinity } = {}) {
  const app = await startClientApp({ env })
  try {
    const tab = await openClient(browser, app)
    const shown = []
    const kept = []
    for (const late of lateDependencies) {
      if (tab.documents.length > untilLoads) break
      if (await meet(app, tab, late)) shown.push(late.dep)
      if (await keepsState(tab)) kept.push(late.dep)
      else await leaveState(tab)
    }
    const { documents, trouble } = tab
    await tab.page.close()
    return { shown, kept, loads: documents.length - 1, trouble, reloads: reloads(app.log()), log: app.log() }
  } finally {
    await app.stop()
  }
}
