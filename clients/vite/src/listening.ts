import type { ViteDevServer } from 'vite'

/** In middleware mode there is nothing to listen: the server is ready when its plugins are. */
export function whenListening(server: ViteDevServer, then: () => void): void {
  if (server.httpServer && !server.httpServer.listening) server.httpServer.once('listening', then)
  else setImmediate(then)
}

/** All addresses of this machine. */
const WILDCARDS = ['0.0.0.0', '::', '0000:0000:0000:0000:0000:0000:0000:0000']

/** Where a browser of this machine finds the server, named as Vite names it. In middleware mode only its owner knows. */
export function urlOf({ config, httpServer }: ViteDevServer): string | undefined {
  const address = httpServer?.address()
  if (typeof address !== 'object' || !address) return undefined
  const { host, https } = config.server
  const named = typeof host === 'string' && !WILDCARDS.includes(host) ? host : 'localhost'
  const written = named.includes(':') ? `[${named}]` : named
  return `${https ? 'https' : 'http'}://${written}:${address.port}${config.base}`
}
