// An app on generated packages, which imports them late, on a server's module runner or in a browser.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../e2e/lib/free-port.mjs'
import { write } from '../../e2e/lib/write.mjs'
import { shown } from './shown.mjs'
import { createLogger, createServer, evenkeel } from './vite.mjs'

/** Evenkeel, adding alone. */
export const adding = () => ({ plugins: [evenkeel({ foresee: false, hold: false, recover: false, log: 'silent' })] })

/** Does something with an app that has these files in `node_modules`. */
export async function withApp({ files, late }, work) {
  const root = await mkdtemp(fileURLToPath(new URL('../.tmp-random-', import.meta.url)))
  let installations = 0
  try {
    const install = async (packages) => {
      for (const [file, code] of Object.entries(packages)) await write(path.join(root, 'node_modules', file), code)
      await write(path.join(root, 'package-lock.json'), JSON.stringify({ installed: ++installations }))
    }
    await install(files)
    await write(path.join(root, 'package.json'), '{ "type": "module" }')
    await Promise.all(late.map((id, at) => write(path.join(root, `${at}.mjs`), `export * as all from ${JSON.stringify(id)}\n`)))
    return await work({
      root,
      install,
      serve: (settings) => serve(root, late, settings),
      serveToBrowser: (settings) => serveToBrowser(root, late, settings),
    })
  } finally {
    await rm(root, { recursive: true })
  }
}

/** Starts a server. `globalThis.ran` has the modules that have run since. */
async function serve(root, late, { plugins, ...optimizeDeps }) {
  const server = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    customLogger: createLogger('silent'),
    plugins,
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    environments: { ssr: { resolve: { noExternal: true }, optimizeDeps: { noDiscovery: false, ...optimizeDeps } } },
  })
  globalThis.ran = []
  const { ssr } = server.environments
  const ask = async (id) => shown((await ssr.runner.import(`/${late.indexOf(id)}.mjs`)).all)
  return {
    /** Everything that the app sees of what it imports late. */
    ask,
    /** The same of several, one after another. */
    async askAll(ids) {
      const answers = {}
      for (const id of ids) answers[id] = await ask(id)
      return answers
    },
    reloads: countReloads(ssr.hot),
    /** What has been imported runs anew when it is asked for. */
    forget() {
      ssr.runner.clearCache()
      globalThis.ran = []
    },
    close: () => server.close(),
  }
}

/** Starts a server for a browser. `window.ran` has the modules that have run in the page. */
async function serveToBrowser(root, late, { plugins, include }) {
  const page = `${await readFile(new URL('shown.mjs', import.meta.url), 'utf8')}
window.ran = []
window.ask = async (url) => shown((await import(/* @vite-ignore */ url)).all)
`
  await writeFile(path.join(root, 'page.mjs'), page)
  await writeFile(path.join(root, 'index.html'), '<!doctype html><title>random</title><script type="module" src="/page.mjs"></script>')
  const server = await createServer({
    root,
    configFile: false,
    customLogger: createLogger('silent'),
    plugins,
    server: { host: '127.0.0.1', port: await freePort(), strictPort: true, watch: null },
    optimizeDeps: { include },
  })
  await server.listen()
  return { url: server.resolvedUrls.local[0], urlOf: (id) => `/${late.indexOf(id)}.mjs`, close: () => server.close() }
}

function countReloads(hot) {
  let count = 0
  const { send } = hot
  hot.send = function (message, ...rest) {
    if (message?.type === 'full-reload') count++
    return send.call(this, message, ...rest)
  }
  return () => count
}
