// Frameworks whose server side takes packages as they are: late dependencies are saved into a page that is open in Chromium, beside
// requests for it and for another one. Where runs add, it stays as it is. The bare stack is measured in the same run.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from '../e2e/lib/browser.mjs'
import { pageHosts } from './lib/hosts.mjs'
import { measure } from './lib/measure.mjs'
import { watchPage } from './lib/watch-page.mjs'

const saves = 4

const rows = {}
let browser
before(async () => (browser = await openBrowser()))
after(async () => {
  await browser.close()
  console.table(rows)
})

/** `HOSTS_LOAD=all` takes the variants of a host, too. */
const named = Object.keys(pageHosts).filter((name) => process.env.HOSTS_LOAD === 'all' || !pageHosts[name].variant)

for (const name of named) {
  describe(name, () => {
    test('without Evenkeel the page is loaded again, and loses what it had', async () => {
      const { loads, kept } = await measured(name, 'bare', {})
      assert.ok(loads > 0 && kept < saves, `${loads} loads: this shows nothing on a host that is right by itself`)
    })

    test('with Evenkeel it stays as it is, and all answers are right', async () => {
      const { loads, kept, trouble, wrong, redirects, reloads, log } = await measured(name, 'with Evenkeel', { EVENKEEL_OPTIONS: '{}' })
      const expected = { loads: 0, kept: saves, trouble: [], wrong: [], redirects: 0, reloads: 0 }
      assert.deepEqual({ loads, kept, trouble, wrong, redirects, reloads }, expected, log)
    })
  })
}

async function measured(name, stack, env) {
  let watched
  const watch = async (app) => (watched = await watchPage(browser, app)).shows
  try {
    const { asked, wrong, ...figures } = await measure(name, { env, saves, watch })
    const { loads, kept, slowest: shownAfter, trouble } = watched.seen()
    const { redirects, slowest, first, ready } = figures
    const right = `${asked - wrong.length}/${asked}`
    rows[`${name}, ${stack}`] = { loads, kept: `${kept}/${saves}`, trouble: trouble.length, shownAfter, right, redirects, slowest, first, ready }
    return { ...figures, wrong, loads, kept, trouble }
  } finally {
    await watched?.close()
  }
}
