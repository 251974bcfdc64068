// A fresh app outside the checkout: a server environment whose pages import one dependency at first and another one late.
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../../e2e/lib/free-port.mjs'
import { endWithUs } from '../../e2e/lib/process-group.mjs'
import { until } from '../../e2e/lib/waiting.mjs'
import { clean } from './managers.mjs'
import { end } from './run.mjs'

const manifest = {
  name: 'app',
  private: true,
  type: 'module',
  dependencies: { mitt: '3.0.1', nanoid: '6.0.2' },
  devDependencies: { vite: '8.3.8' },
}

const files = {
  'index.html': '<!doctype html>\n<title>app</title>\n',
  'src/pages.js': `import mitt from 'mitt'

export const home = () => \`home \${typeof mitt().emit}\`
export const late = async () => (await import('./late.js')).default
`,
  'src/late.js': `import { customAlphabet } from 'nanoid'

export default \`late \${customAlphabet('a', 5)()}\`
`,
  'vite.config.js': `import { evenkeel } from 'evenkeel'
import { defineConfig } from 'vite'

const pages = {
  name: 'pages',
  configureServer: (server) => {
    server.middlewares.use((request, response, next) => {
      const name = request.url.slice(1)
      if (name !== 'home' && name !== 'late') return next()
      const pages = server.environments.ssr.runner.import('/src/pages.js')
      pages.then((pages) => pages[name]()).then((text) => response.end(text), next)
    })
  },
}

export default defineConfig({
  plugins: [pages, evenkeel()],
  clearScreen: false,
  cacheDir: process.env.CACHE_DIR,
  server: { host: '127.0.0.1', strictPort: true },
  // What is not on the server's outside is pre-bundled, and met late.
  environments: { ssr: { resolve: { noExternal: true }, optimizeDeps: { noDiscovery: false } } },
})
`,
}

export async function writeApp(root, { dependencies = {} } = {}) {
  await mkdir(path.join(root, 'src'), { recursive: true })
  const devDependencies = { ...manifest.devDependencies, ...dependencies }
  await writeFile(path.join(root, 'package.json'), JSON.stringify({ ...manifest, devDependencies }))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text)
  // Yarn takes a folder for an app of its own only if it has a lockfile.
  await writeFile(path.join(root, 'yarn.lock'), '')
}

/** Starts the app's dev server the way its package manager does; `close()` it. */
export function startVite(manager, root, { env } = {}) {
  return start([...manager.program, ...manager.exec, 'vite'], root, env)
}

/** The same without a package manager. */
export function startBareVite(root, { env } = {}) {
  return start([process.execPath, path.join(root, 'node_modules/vite/bin/vite.js')], root, env)
}

async function start([program, ...before], root, env) {
  const port = await freePort()
  const args = [...before, '--port', String(port)]
  const server = spawn(program, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: clean(env) })
  let log = ''
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  endWithUs(server)
  const close = () => end(server)
  function ready() {
    if (server.exitCode !== null) throw new Error(`Vite has ended with ${server.exitCode}`)
    return /ready\s+in/.test(log)
  }
  await until('Vite is ready', ready, { within: 60_000 }).catch(async ({ message }) => {
    await close()
    throw new Error(`${message}\n${log}`)
  })
  const get = (page) => fetch(`http://127.0.0.1:${port}/${page}`).then((answer) => answer.text())
  return { get, pid: server.pid, log: () => log, warnings: () => log.split('\n').filter((line) => line.includes('[evenkeel]')), close }
}
