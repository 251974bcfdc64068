// What a newcomer's terminal looks like, 80 columns wide.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fetchWithDeps } from '../bench/lib/vite-work.mjs'
import { openBrowser } from './lib/browser.mjs'
import { freePort } from './lib/free-port.mjs'
import { defaults } from './lib/guarded.mjs'
import { binary, nodeBin, viteBin } from './lib/paths.mjs'
import { screenshot } from './lib/screenshots.mjs'
import { smallApp } from './lib/small-app.mjs'
import { openTerminal } from './lib/terminal.mjs'

let browser
before(async () => (browser = await openBrowser()))
after(() => browser?.close())

test('a first minute: the banner, what was added, and the commands, none of which is wider than the terminal', async () => {
  const app = await smallApp()
  const terminal = await openTerminal(browser)
  const port = await freePort()
  // The node that a user has first on the PATH.
  const PATH = `${path.dirname(nodeBin)}${path.delimiter}${process.env.PATH}`
  const env = { ...defaults(), CACHE_DIR: app.cache, PATH }
  const vite = terminal.run(`"${nodeBin}" "${viteBin}" --host 127.0.0.1 --strictPort --port ${port}`, { cwd: app.root, env })
  try {
    await terminal.shows(/➜ {2}Evenkeel: http/)
    const url = `http://127.0.0.1:${port}`
    for (const file of ['/', '/src/main.js']) await (await fetch(url + file)).text()
    for (const name of ['first', 'second']) await fetchWithDeps({ url }, `/src/${name}.js`)
    await terminal.shows(/added second/)
    for (const command of ['status', 'doctor']) {
      assert.equal(await terminal.run(`echo '$ npx evenkeel ${command}'; "${binary}" ${command}`, { cwd: app.root, env: { PATH } }).ended, 0, command)
    }
    const from = (await terminal.lines()).findIndex(({ text }) => text.startsWith('$ npx evenkeel'))
    const printed = (await terminal.lines()).slice(from)
    assert.ok(printed.length > 5, 'the commands have printed something')
    assert.deepEqual(printed.filter(({ wrapped }) => wrapped), [])
    await screenshot(terminal.page, 'terminal')
  } finally {
    await vite.end()
    await terminal.close()
    await app.remove()
  }
})
