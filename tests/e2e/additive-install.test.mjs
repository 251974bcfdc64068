// Packages are installed while the server runs. One that is new is added, and the page stays as it is; one that has changed is
// bundled anew with all that import it, and the page is loaded once more.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { nodeBin } from './lib/paths.mjs'
import { openSmallApp, smallApp } from './lib/small-app.mjs'

const scriptOf = (file) => fileURLToPath(new URL(`../additive/node_modules/${file}`, import.meta.url))

/** How each adds packages from files, without a network and with nothing kept outside of the app. */
const managers = {
  npm: { command: ['npm', 'install'], options: ['--offline', '--no-audit', '--no-fund', '--cache=node_modules/.kept'] },
  pnpm: { command: [nodeBin, scriptOf('pnpm/bin/pnpm.cjs'), 'add'], options: ['--offline', '--store-dir=node_modules/.kept'] },
  yarn: {
    command: [nodeBin, scriptOf('yarn/bin/yarn.js'), 'add'],
    options: ['--offline', '--no-progress', '--cache-folder=node_modules/.kept'],
    // Yarn 1 keeps the old version of a package that comes from a file until it is told to look.
    replacing: [nodeBin, scriptOf('yarn/bin/yarn.js'), 'install', '--force'],
  },
}

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

for (const [name, { command, options, replacing }] of Object.entries(managers)) {
  describe(name, () => {
    let app
    let server
    let page
    const run = async ([program, ...args]) => {
      const env = { ...process.env, PATH: `${path.dirname(nodeBin)}${path.delimiter}${process.env.PATH}`, CI: '1' }
      await promisify(execFile)(program, args, { cwd: app.root, env })
    }
    const add = (...packed) => run([...command, ...options, ...packed])

    before(async () => {
      app = await smallApp(undefined, { installed: false })
      await add(await app.pack('core'), await app.pack('first'))
      // A crawl would look for packages that are not there yet.
      server = await app.start(addingAlone())
      page = await openSmallApp(browser, server)
      await page.says('first', 'first with core 1.0.0')
    })
    after(async () => {
      await page?.close()
      await server?.stop()
      await app?.remove()
    })

    test('a package that is new is added', async () => {
      await add(await app.pack('second'))
      await page.says('second', 'second with core 1.0.0')
      assert.deepEqual(await page.cores(), ['1.0.0'])
      assert.equal(page.loads(), 0, server.log())
      assert.equal(reloads(server.log()), 0, server.log())
    })

    test('a package that is updated reloads once', async () => {
      await add(await app.pack('core', '10.0.0'), await app.pack('third'))
      if (replacing) await run([...replacing, ...options])
      for (const late of ['third', 'first', 'second']) await page.says(late, `${late} with core 10.0.0`)
      assert.deepEqual(await page.cores(), ['10.0.0'])
      assert.equal(page.loads(), 1, server.log())
    })
  })
}
