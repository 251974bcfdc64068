// Vite's optimizer reads its cache when the server listens, and throws away what it has met before. But modules are asked for
// earlier: workerd outlives a restart of Vite, and asks the next server as soon as that is there.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone, guarded } from './lib/guarded.mjs'
import { openSmallApp, smallApp } from './lib/small-app.mjs'

/** Has a module transformed before the server listens, if the test says so. */
const early = `plugins: [
    {
      name: 'fixture:early',
      async configureServer({ environments }) {
        if (process.env.EARLY) await environments.client.transformRequest('/src/second.js')
      },
    },`

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

describe('a module that is asked for before the server listens', () => {
  for (const [mode, env] of Object.entries({ 'where runs add': addingAlone(), 'where runs reload': guarded() })) {
    for (const start of ['cold', 'warm']) {
      test(`${mode}, at a ${start} start`, async () => {
        const app = await smallApp()
        let server
        try {
          const config = path.join(app.root, 'vite.config.mjs')
          await writeFile(config, (await readFile(config, 'utf8')).replace('plugins: [', early))
          if (start === 'warm') {
            server = await app.start(env)
            const page = await openSmallApp(browser, server)
            await page.says('first', 'first with core 1.0.0')
            await page.close()
            await server.stop()
          }
          server = await app.start({ ...env, EARLY: '1' })
          const page = await openSmallApp(browser, server)
          for (const name of ['second', 'first', 'third']) await page.says(name, `${name} with core 1.0.0`)
          assert.deepEqual(await page.cores(), ['1.0.0'])
          assert.doesNotMatch(server.log(), /error/i)
          await page.close()
        } finally {
          await server?.stop()
          await app.remove()
        }
      })
    }
  }
})
