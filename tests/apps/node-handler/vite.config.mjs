import { evenkeelPlugin } from '../setup/evenkeel.mjs'
import { hostileErrors } from '../pages/hostile-errors.mjs'

/** A handler in Node, whose errors reach Vite as they are; those of a worker have been written down and read again by then. */
const handler = {
  name: 'node-handler',
  configureServer: (server) => () => {
    server.middlewares.use('/throws', (request, _response, next) => {
      const error = hostileErrors[decodeURIComponent(request.url.slice(1))]()
      if (request.method === 'POST') throw error
      next(error)
    })
    server.middlewares.use('/fine', (_request, response) => response.end('fine'))
  },
}

export default async () => ({
  cacheDir: process.env.CACHE_DIR,
  clearScreen: false,
  appType: 'custom',
  // With an optimizer, so that there is something to guard.
  environments: { ssr: { optimizeDeps: { noDiscovery: false } } },
  plugins: [process.env.EVENKEEL !== 'off' && (await evenkeelPlugin(process.env.EVENKEEL_OPTIONS)), handler],
})
