// Generated packages once more, with stylesheets, assets and workers, in a page that is never loaded again.
// `RANDOM_SEEDS=1-500` looks at others than the first.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openBrowser } from '../e2e/lib/browser.mjs'
import { assertAlike } from './lib/alike.mjs'
import { adding, withApp } from './lib/random-app.mjs'
import { withExtras } from './lib/random-extras.mjs'
import { randomPackages } from './lib/random-packages.mjs'
import { seeds } from './lib/seeds.mjs'

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

for (const seed of seeds('1-25')) {
  test(`seed ${seed}`, { timeout: 60_000 }, async () => {
    const packages = withExtras(seed, randomPackages(seed))
    const stock = await imported(packages, { include: packages.late })
    const late = await imported(packages, adding())
    assertAlike(late, stock)
    assert.equal(late.documents, 1)
    assert.deepEqual(late.trouble, stock.trouble)
  })
}

async function imported(packages, settings) {
  return withApp(packages, async ({ serveToBrowser }) => {
    const server = await serveToBrowser(settings)
    const { page, documents, trouble } = await browser.openTab()
    try {
      await page.goto(server.url)
      const answers = {}
      for (const id of packages.late) answers[id] = await page.evaluate((url) => window.ask(url), server.urlOf(id))
      return { answers, ran: await page.evaluate(() => window.ran), documents: documents.length, trouble }
    } finally {
      await page.close()
      await server.close()
    }
  })
}
