// A run of the optimizer may fail: a full disk, a package that cannot be parsed. Vite then forgets what the run was for, and what it
// has met meanwhile; but there are modules that ask for those files.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone } from './lib/guarded.mjs'
import { isRunning } from './lib/processes.mjs'
import { openSmallApp, smallApp, writePackage } from './lib/small-app.mjs'
import { until } from './lib/waiting.mjs'

/** The folder of a run cannot be written to its end, as on a full disk; with `run-is-held` it takes until that file is gone. */
const failing = `clearScreen: false,
  optimizeDeps: {
    rolldownOptions: {
      plugins: [{
        name: 'fixture:full-disk',
        async writeBundle() {
          if (!existsSync('disk-is-full')) return
          writeFileSync('run-is-there', '')
          while (existsSync('run-is-held')) await new Promise((resolve) => setTimeout(resolve, 20))
          throw new Error('no space left on device')
        },
      }],
    },
  },`

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

/** An app whose runs a test can let fail, its server and its page. */
async function withSmallApp(env, story) {
  const app = await smallApp()
  let server
  try {
    const config = path.join(app.root, 'vite.config.mjs')
    const text = await readFile(config, 'utf8')
    await writeFile(config, `import { existsSync, writeFileSync } from 'node:fs'\n${text.replace('clearScreen: false,', failing)}`)
    const file = (name) => path.join(app.root, name)
    server = await app.start(env)
    const page = await openSmallApp(browser, server)
    await page.says('third', 'third with core 1.0.0')
    await story({ app, server, page, file, make: (name) => writeFile(file(name), ''), remove: (name) => rm(file(name)) })
    await page.close()
  } finally {
    await server?.stop()
    await app.remove()
  }
}

test('what a failed run has left asking for its files is loaded anew by the next one', () =>
  withSmallApp(addingAlone(), async ({ server, page, make, remove }) => {
    await make('disk-is-full')
    assert.match(await page.open('second'), /Failed to fetch/)
    await remove('disk-is-full')
    assert.equal(page.loads(), 0)
    await page.says('fourth', 'fourth with core 1.0.0')
    await page.says('second', 'second with core 1.0.0')
    assert.ok(page.loads() <= 2, server.log())
    assert.deepEqual(await page.cores(), ['1.0.0'])
  }))

test('what was met while a run failed is bundled without being asked for again', () =>
  withSmallApp(addingAlone(), async ({ server, page, file, make, remove }) => {
    await make('run-is-held')
    await make('disk-is-full')
    const second = page.open('second').catch(() => {})
    await until('the run is there', () => existsSync(file('run-is-there')))
    assert.match(await (await fetch(`${server.url}/src/fourth.js`)).text(), /deps\/fourth\.js\?v=/)
    const fourth = page.says('fourth', 'fourth with core 1.0.0')
    await remove('disk-is-full')
    await remove('run-is-held')
    await Promise.all([second, fourth])
    await page.says('second', 'second with core 1.0.0')
    assert.deepEqual(await page.cores(), ['1.0.0'])
  }))

test('a late package that cannot be parsed ends nothing, and what was met together with it comes with the next page', () =>
  withSmallApp(addingAlone(), async ({ app, server, page }) => {
    await writePackage(app.root, 'fourth', '1.0.0', "export const says = '")
    // Where the second is met after the run has failed, its own run reloads the page under the questions.
    const reloaded = () => 'the page is reloaded'
    const both = await Promise.all(['fourth', 'second'].map((name) => page.open(name).catch(reloaded)))
    for (const said of both) assert.match(said, /Failed to fetch|the page is reloaded/)
    assert.ok(isRunning(server.pid), server.log())
    const next = await openSmallApp(browser, server)
    await next.says('second', 'second with core 1.0.0')
    await next.close()
  }))
