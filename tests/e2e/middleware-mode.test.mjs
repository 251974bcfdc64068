// Vite within somebody's own server, in whose process a server environment runs: nobody tells Vite when it listens, nor where the
// environment begins. The crawl of a cold start begins there all the same once a first module is imported.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { appsFolder } from './lib/paths.mjs'
import { createSsrServer } from './lib/ssr-server.mjs'
import { visit } from './lib/visit.mjs'

const files = {
  'entry.js': `
    import { createElement } from 'react'
    import { renderToString } from 'react-dom/server'
    export const home = () => renderToString(createElement('h1', {}, 'home 42'))
    export async function act() {
      const { Toggle } = await import('./late.js')
      return renderToString(createElement(Toggle, {}, 'toggle 42'))
    }
  `,
  'late.js': "export { Root as Toggle } from '@radix-ui/react-toggle'\n",
}

/** Somebody's own server. An action is counted before it does anything that may fail. */
async function open(plugins) {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-middleware-'))
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(root, file), text)
  const vite = await createSsrServer(root, plugins)
  let actions = 0
  const server = createHttpServer((request, response) => {
    vite.middlewares(request, response, async () => {
      if (request.method === 'POST') actions++
      const failed = (error) => response.writeHead(500).end(String(error))
      const entry = await vite.environments.ssr.runner.import('/entry.js').catch(failed)
      const answer = request.method === 'POST' ? entry.act() : entry.home()
      await Promise.resolve(answer).then((html) => response.end(html), failed)
    })
  })
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    actions: () => actions,
    async close() {
      server.closeAllConnections()
      server.close()
      await vite.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** What a person meets who opens a page of a cold server and sends its form at once. */
async function openAndAct(app) {
  const page = await visit(app, '/')
  const acted = await visit(app, '/', { method: 'POST', body: 'even keel' })
  const shown = [page, acted].map(({ status, text }) => (status === 200 ? text.match(/\w+ 42/)?.[0] : status))
  return { shown, actions: app.actions(), redirects: page.redirects + acted.redirects }
}

for (const [name, plugins, expected] of [
  ['without Evenkeel the action of a cold page fails', () => [], { shown: ['home 42', 500], actions: 1, redirects: 0 }],
  ['with Evenkeel it is right, at once and once', () => [evenkeel({ log: 'silent' })], { shown: ['home 42', 'toggle 42'], actions: 1, redirects: 0 }],
]) {
  test(name, async () => {
    const app = await open(plugins())
    try {
      assert.deepEqual(await openAndAct(app), expected)
    } finally {
      await app.close()
    }
  })
}
