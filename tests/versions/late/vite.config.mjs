import { getPages } from '../pages/table.mjs'
import { countReloads } from '../setup/count-reloads.mjs'
import { evenkeelPlugin } from '../setup/evenkeel.mjs'

/** The late pages rendered by Vite's own module runner, for every Vite, also where Cloudflare's plugin does not run. */
const renderer = {
  name: 'fixture:renderer',
  configureServer: ({ environments, middlewares }) => {
    for (const { path, module } of getPages) {
      middlewares.use(path, (_request, response, next) => {
        const rendered = environments.ssr.runner.import('/src/render.tsx').then(({ render }) => render(module))
        rendered.then((text) => response.end(text)).catch(next)
      })
    }
  },
}

export default async () => ({
  cacheDir: process.env.CACHE_DIR,
  clearScreen: false,
  appType: 'custom',
  resolve: { noExternal: true },
  environments: { ssr: { optimizeDeps: { noDiscovery: false } } },
  plugins: [countReloads(), process.env.EVENKEEL !== 'off' && (await evenkeelPlugin(process.env.EVENKEEL_OPTIONS)), renderer],
})
