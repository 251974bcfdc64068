import type { ViteDevServer } from 'vite'

/** In middleware mode there is nothing to listen: the server is ready when its plugins are. */
export function whenListening(server: ViteDevServer, then: () => void): void {
  if (server.httpServer && !server.httpServer.listening) server.httpServer.once('listening', then)
  else setImmediate(then)
}

/** Where a browser of this machine finds the server. In middleware mode only its owner knows. */
export function urlOf({ config, httpServer }: ViteDevServer): string | undefined {
  const address = httpServer?.address()
  if (typeof address !== 'object' || !address) return undefined
  const local = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address.address)
  const named = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${config.server.https ? 'https' : 'http'}://${local ? 'localhost' : named}:${address.port}${config.base}`
}
