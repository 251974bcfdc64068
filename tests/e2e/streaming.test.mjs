// What a person sees in a browser: the right page at once, or, where an answer was on its way already, one reload.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { browserPage, streamPage } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { openBrowser } from './lib/browser.mjs'
import { guarded } from './lib/guarded.mjs'
import { connectHotClient } from './lib/hot-client.mjs'
import { until } from './lib/waiting.mjs'
import { isRight, visit } from './lib/visit.mjs'

let browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser?.close())

const cleanUps = []
afterEach(async () => {
  for (const step of cleanUps.splice(0).reverse()) await step()
})

for (const app of ['worker', 'hono']) {
  describe(app, () => {
    /** A cold server, somebody who hears what browsers are told, and a tab that has fetched Vite's client before. */
    async function open(env) {
      const server = await startApp({ app, env })
      cleanUps.push(() => server.stop())
      const hot = await connectHotClient(server)
      cleanUps.push(() => hot.close())
      const tab = await browser.openTab()
      cleanUps.push(() => tab.page.close())
      await tab.page.goto(`${server.url}/@vite/client`)
      tab.documents.length = 0
      return { server, hot, tab }
    }

    /** Behind everything that has been sent to browsers so far. */
    async function allIsSaid(server) {
      await visit(server, '/')
      const late = await connectHotClient(server)
      late.close()
    }

    const shows = ({ page }, { expect }) => until(`the tab shows ${expect}`, async () => (await content(page)).includes(expect))

    test('on the bare stack a late page is an error page', async () => {
      const { server, tab } = await open({ EVENKEEL: 'off' })
      await tab.page.goto(server.url + browserPage.path)
      assert.deepEqual(tab.documents, [500])
    })

    test('a late page is right at the first navigation', async () => {
      const { server, hot, tab } = await open(guarded())
      await tab.page.goto(server.url + browserPage.path)
      await shows(tab, browserPage)
      await until("Vite's client is connected", () => tab.connected === 1)
      await allIsSaid(server)
      assert.deepEqual(tab.documents, [307, 200])
      assert.deepEqual(tab.trouble, [])
      assert.equal(hot.reloads(), 0, 'the redirect was enough')
    })

    test('an answer on its way is followed by one reload', async () => {
      const { server, hot, tab } = await open(guarded())
      await tab.page.goto(server.url + streamPage.path)
      await shows(tab, streamPage)
      await allIsSaid(server)
      assert.deepEqual(tab.documents, [200, 200])
      assert.deepEqual(tab.trouble, [])
      assert.equal(hot.reloads(), 1)
    })

    test('what a page fetches is right, and the page is reloaded once', async () => {
      const { server, hot, tab } = await open(guarded())
      await tab.page.goto(server.url + browserPage.path)
      await until("Vite's client is connected", () => tab.connected === 1)

      const fetched = []
      tab.page.on('response', async (response) => {
        if (response.url().endsWith('/late/toggle')) fetched.push(response.status())
      })
      // The reload may come before the answer; the page that asked is gone then.
      await tab.page.evaluate(() => void [1, 2].map(() => fetch('/late/toggle').catch(() => {})))
      await until('the tab reloads', () => tab.connected === 2)
      await shows(tab, browserPage)
      await allIsSaid(server)
      assert.ok(fetched.every((status) => status < 400), `${fetched}`)
      assert.deepEqual(tab.documents, [307, 200, 200])
      assert.deepEqual(tab.trouble, [])
      assert.equal(hot.reloads(), 1, 'however many requests were doomed')
      const toggle = { expect: 'toggle says hello' }
      assert.ok(isRight(toggle, await visit(server, '/late/toggle')))
    })
  })
}

/** A tab that is just being reloaded has none. */
const content = (page) => page.content().catch(() => '')
