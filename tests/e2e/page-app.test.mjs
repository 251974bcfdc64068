// An app of an index.html alone, in a real browser: no server environment has modules here, and still what is late in the page is
// foreseen as far as its imports reach.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { createServer } from '../node_modules/vite/dist/node/index.js'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { openBrowser } from './lib/browser.mjs'
import { connectHotClient } from './lib/hot-client.mjs'
import { appsFolder } from './lib/paths.mjs'
import { until } from './lib/waiting.mjs'

/** The dependency scanner of a cold start does not look into virtual modules. */
const virtualPart = {
  name: 'fixture:virtual-part',
  resolveId: (id) => (id === 'virtual:part' ? `\0${id}` : undefined),
  load: (id) => (id === '\0virtual:part' ? "export { Root as Part } from '@radix-ui/react-toggle'\n" : undefined),
}

const page = (imports, content) => `
import { createElement, useState } from 'react'
import { createRoot } from 'react-dom/client'
${imports}
function Page() {
  const [Part, setPart] = useState()
  const open = () => import('virtual:part').then(({ Part }) => setPart(() => Part))
  return createElement('main', {}, ${content}, createElement('button', { onClick: open }, 'open'), Part && createElement(Part, {}, 'toggle 42'))
}
const root = (import.meta.hot.data.root ??= createRoot(document.body))
root.render(createElement(Page))
import.meta.hot.accept()
`

const files = {
  'index.html': '<!doctype html><link rel="icon" href="data:,"><body></body><script src="./src/page.js" type="module"></script>\n',
  'src/page.js': page('', '"page 0"'),
  'src/near.js': "export { Deep } from './deep.js'\n",
  'src/deep.js': "export { Root as Deep } from '@radix-ui/react-label'\n",
}
const saved = page("import { Deep } from './near.js'", 'createElement(Deep, {}, "label 42")')

let browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser?.close())

const cleanUps = []
afterEach(async () => {
  for (const step of cleanUps.splice(0).reverse()) await step()
})

async function open(options) {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-page-'))
  cleanUps.push(() => rm(root, { recursive: true, force: true }))
  const write = (file, text) => writeFile(path.join(root, file), text)
  await mkdir(path.join(root, 'src'))
  for (const [file, text] of Object.entries(files)) await write(file, text)
  const server = await createServer({
    configFile: false,
    root,
    cacheDir: path.join(root, '.vite'),
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0 },
    plugins: [virtualPart, evenkeel({ log: 'silent', ...options })],
  })
  cleanUps.push(() => server.close())
  await server.listen()
  const { port } = server.httpServer.address()
  const url = `http://127.0.0.1:${port}`
  const optimized = (id) => until(`${id} is optimized`, () => server.environments.client.depsOptimizer.metadata.optimized[id])
  return { url, write, optimized }
}

async function openTab({ url }) {
  const tab = await browser.openTab()
  cleanUps.push(() => tab.page.close())
  await tab.page.goto(url)
  await tab.page.getByText('page 0').waitFor()
  await until("Vite's client is connected", () => tab.connected === 1)
  return tab
}

test('what the page imports by a module that no scanner follows is optimized before somebody asks', async () => {
  // Where runs add, a page is not crawled at the start.
  const app = await open({ additive: false })
  await app.optimized('@radix-ui/react-toggle')
  const { page, documents, trouble } = await openTab(app)
  await page.getByText('open').click()
  await page.getByText('toggle 42').waitFor()
  assert.deepEqual({ documents, trouble }, { documents: [200], trouble: [] })
})

for (const { what, options, expected } of [
  { what: 'is one update where runs add', options: {}, expected: { told: ['update'], documents: [200] } },
  { what: 'is one reload elsewhere, and no update before it', options: { additive: false }, expected: { told: ['full-reload'], documents: [200, 200] } },
]) {
  test(`a save that reaches a late dependency three modules further ${what}`, async () => {
    const app = await open(options)
    if (options.additive === false) await app.optimized('@radix-ui/react-toggle')
    const { page, documents, trouble } = await openTab(app)
    const hot = await connectHotClient(app)
    cleanUps.push(() => hot.close())
    await app.write('src/page.js', saved)
    await page.getByText('label 42').waitFor()
    const told = hot.heard.map(({ type }) => type).filter((type) => ['update', 'full-reload'].includes(type))
    assert.deepEqual({ told, documents, trouble }, { ...expected, trouble: [] })
  })
}
