// Where packages run. Each side opens a dev server of its own and asks one late module after another on it.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBrowser } from '../../e2e/lib/browser.mjs'
import { freePort } from '../../e2e/lib/free-port.mjs'
import { cloudflare, createServer } from './vite.mjs'

export const root = fileURLToPath(new URL('../app', import.meta.url))
// How long stock Vite may bundle the whole list, before it serves anything.
const bundling = 300_000
const nothing = { noDiscovery: true, include: [] }

/** Each gives its environment, `ask(module)`, what went `trouble`some beside, and how often its program was started. */
export const sides = { browser, node, workerd }

async function browser({ optimizeDeps, ...settings }) {
  const server = await serve(settings, { appType: 'spa', optimizeDeps })
  const chromium = await openBrowser()
  const { page, documents, trouble } = await chromium.openTab()
  const loaded = () => page.waitForFunction(() => window.ask, undefined, { timeout: bundling })
  await page.goto(server.resolvedUrls.local[0], { timeout: bundling })
  await loaded()
  return {
    environment: server.environments.client,
    trouble,
    starts: () => documents.length,
    async ask(module) {
      // A page that is loaded anew takes the question with it.
      for (let attempt = 1; ; attempt++) {
        try {
          // An import of the app's own would get Vite's `?import`, and with it be another module than the same one imported statically.
          return await page.evaluate((late) => window.ask(() => import(late)), module)
        } catch (error) {
          if (attempt === 5 || !/context was destroyed|window\.ask is not/i.test(error.message)) throw error
          await loaded()
        }
      }
    },
    close: () => chromium.close().finally(() => server.close()),
  }
}

async function node({ optimizeDeps, ...settings }) {
  const environments = { ssr: { optimizeDeps: { noDiscovery: false, ...optimizeDeps }, resolve: { noExternal: true } } }
  const server = await serve(settings, { appType: 'custom', environments, optimizeDeps: nothing })
  const trouble = []
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, (error) => trouble.push(String(error?.message ?? error)))
  const { ssr } = server.environments
  // The runner is asked for its program each time, as a framework's handler does.
  const ask = async (module) => (await ssr.runner.import('/ask.mjs')).ask(() => ssr.runner.import(module))
  return { environment: ssr, trouble, starts: () => 1, ask, close: () => server.close() }
}

async function workerd({ optimizeDeps, ...settings }) {
  const worker = cloudflare({
    configPath: path.join(root, 'wrangler.json'),
    viteEnvironment: { name: 'worker' },
    inspectorPort: false,
    persistState: false,
  })
  const config = { appType: 'custom', environments: { worker: { optimizeDeps } }, optimizeDeps: nothing }
  const server = await serve({ ...settings, plugins: [...settings.plugins, worker] }, config)
  const ask = async (module) => {
    const response = await fetch(`${server.resolvedUrls.local[0]}ask`, { method: 'POST', body: module })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 500)}`)
    return JSON.parse(text)
  }
  return { environment: server.environments.worker, trouble: [], starts: () => 1, ask, close: () => server.close() }
}

async function serve(settings, config) {
  const server = await createServer({
    ...config,
    ...settings,
    root,
    configFile: false,
    server: { host: '127.0.0.1', port: await freePort(), strictPort: true },
  })
  return server.listen()
}
