// Two copies of one Vite in a project, as package managers install them where peers differ: the server is of the one, and Cloudflare's
// plugin makes the worker's environment of the other.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { getPages } from '../apps/pages/table.mjs'
import { copyApp, startApp } from '../e2e/lib/app.mjs'
import { adding } from '../e2e/lib/guarded.mjs'
import { reloads } from '../e2e/lib/log.mjs'
import { isRight, visitAll } from '../e2e/lib/visit.mjs'
import { folderOf, newestNode, openStack, runs } from './lib/stacks.mjs'

const [one] = runs.filter((run) => run.name === '8.3' && run.major === newestNode(run))
const other = folderOf({ name: '8.3-node-20' })

const config = `import { cloudflare } from ${JSON.stringify(path.join(other, 'node_modules/@cloudflare/vite-plugin/dist/index.mjs'))}
import { evenkeelPlugin } from '../setup/evenkeel.mjs'
import { virtualPages } from '../setup/virtual-pages.mjs'
export default async () => ({
  cacheDir: process.env.CACHE_DIR,
  plugins: [virtualPages(), cloudflare({ inspectorPort: false, persistState: false }), await evenkeelPlugin(process.env.EVENKEEL_OPTIONS)],
})
`

test('what is late in an environment of another copy of Vite is added, too', async () => {
  const stack = await openStack(one)
  const { root, remove } = await copyApp('worker', stack)
  await writeFile(path.join(root, 'vite.config.mjs'), config)
  const app = await startApp({ stack, root, env: adding() })
  try {
    const results = await visitAll(app, getPages)
    const wrong = results.filter((result) => !isRight(result.page, result))
    assert.deepEqual(wrong.map(({ page, status, text }) => [page.path, status, text.slice(0, 300)]), [], app.log())
    assert.match(app.log(), /added .+ nothing reloaded/)
    assert.doesNotMatch(app.log(), /error while updating dependencies/)
    assert.equal(reloads(app.log()), 0, app.log())
  } finally {
    await app.stop()
    await remove()
    await stack.remove()
  }
})
