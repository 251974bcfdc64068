// The examples of docs/examples do what their page says: they start with this checkout's plugin, and what a save brings late is
// added without a reload.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startApp } from '../e2e/lib/app.mjs'
import { evenkeel } from '../e2e/lib/command.mjs'
import { reloads } from '../e2e/lib/log.mjs'
import { binary } from '../e2e/lib/paths.mjs'
import { visit } from '../e2e/lib/visit.mjs'
import { until } from '../e2e/lib/waiting.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))
const examples = fileURLToPath(new URL('../../docs/examples', import.meta.url))
const vite = [path.join(folder, 'node_modules/vite/bin/vite.js'), '--host', '127.0.0.1', '--strictPort']

/** `shown` is what a request shows once the late dependency is there; `late` is what is asked for then. */
const rows = {
  react: { command: vite, late: '/src/late.jsx', shown: 'radix-ui_react-tabs.js' },
  express: { command: ['server.js'], ready: /ready at/, late: '/src/late.jsx', shown: 'radix-ui_react-tabs.js' },
  cloudflare: { command: vite, late: '/', shown: 'The tabs came late.' },
}

/** What the page of the examples says to save. */
async function lateSource() {
  const page = await readFile(path.join(examples, 'README.md'), 'utf8')
  return page.match(/```jsx\n([\s\S]*?)```/)[1]
}

async function status(root) {
  const { stdout } = await evenkeel('status', '--json', '--root', root)
  return JSON.parse(stdout || '{}')
}

for (const [name, { command, ready, late, shown }] of Object.entries(rows)) {
  test(`${name} starts, and a late dependency is added`, async () => {
    // Beside this folder's node_modules, which has what the examples depend on.
    const root = await mkdtemp(path.join(folder, `.tmp-example-${name}-`))
    let app
    try {
      await cp(path.join(examples, name), root, { recursive: true })
      app = await startApp({ root, command, ready, cacheDir: path.join(root, 'node_modules/.vite'), env: { EVENKEEL_BINARY: binary } })
      assert.equal((await visit(app, '/')).status, 200)
      await visit(app, '/src/main.jsx')
      // What comes before the first run is not late.
      await until('the first run is over', async () => (await status(root)).environments?.some(({ optimized }) => optimized > 0))
      await writeFile(path.join(root, 'src/late.jsx'), await lateSource())
      await until(`${late} shows ${shown}`, async () => (await visit(app, late)).text.includes(shown))
      const record = await until('its run is over', async () => {
        const { records } = await status(root)
        return records.find(({ outcome, dependencies }) => outcome !== 'running' && dependencies.some(({ id }) => id === '@radix-ui/react-tabs'))
      })
      assert.equal(record.met, 'added')
      assert.equal(reloads(app.log()), 0, app.log())
    } finally {
      await app?.stop()
      await rm(root, { recursive: true, force: true })
    }
  })
}
