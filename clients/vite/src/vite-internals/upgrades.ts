import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ViteDevServer } from 'vite'
import { intercept } from './intercept.js'

/**
 * Keeps each upgrade from all who listen for one until `hold` has resolved; they hear of it in their order, as if it had just come.
 * Vite's own are let through: its pages are to be told meanwhile. Once its parser is off a socket, Node listens for no error
 * of it (seen on Node 24). Read in Vite 8.3.8 and 8.4.0: `createWebSocketServer`.
 */
export function holdUpgrades({ httpServer }: ViteDevServer, hold: () => Promise<void>): void {
  if (!httpServer) return
  intercept(httpServer, 'emit', (emitTyped, args: unknown[]) => {
    const emit = emitTyped as (...args: unknown[]) => boolean
    const [event, request, socket] = args as [string, IncomingMessage, Duplex]
    if (event !== 'upgrade' || request.headers['sec-websocket-protocol']?.startsWith('vite')) return emit(...args)
    const broken = () => socket.destroy()
    socket.on('error', broken)
    const handOn = () => {
      socket.off('error', broken)
      if (!socket.destroyed) emit(...args)
    }
    hold().then(handOn, handOn)
    return httpServer.listenerCount('upgrade') > 0
  })
}
