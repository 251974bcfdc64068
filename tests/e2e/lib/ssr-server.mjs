import path from 'node:path'
import { createServer } from '../../node_modules/vite/dist/node/index.js'

/** Vite in this process, in middleware mode: its environment for the server runs here, and its optimizer discovers dependencies. */
export function createSsrServer(root, plugins, { include = [] } = {}) {
  return createServer({
    configFile: false,
    root,
    cacheDir: path.join(root, '.vite'),
    logLevel: 'silent',
    appType: 'custom',
    server: { middlewareMode: true, ws: false },
    resolve: { noExternal: true },
    environments: { ssr: { optimizeDeps: { noDiscovery: false, include } } },
    plugins,
  })
}
