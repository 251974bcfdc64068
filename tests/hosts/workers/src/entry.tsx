import { DurableObject } from 'cloudflare:workers'
import { renderToString } from 'react-dom/server'

interface Env {
  AUXILIARY: { fetch(request: Request): Promise<Response> }
  ROOM: DurableObjectNamespace<Room>
}

const render = async () => {
  const { default: Draft } = await import('./draft')
  return renderToString(<Draft />)
}

/** Answers with the page, or with a WebSocket whose first message it is. */
export class Room extends DurableObject<Env> {
  async fetch(request: Request) {
    if (request.headers.get('Upgrade') !== 'websocket') return new Response(await render())
    const text = await render()
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    server.send(text)
    return new Response(null, { status: 101, webSocket: client })
  }
}

export default {
  async fetch(request: Request, env: Env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/beside') return env.AUXILIARY.fetch(request)
    if (pathname === '/room' || pathname === '/socket') return env.ROOM.getByName('room').fetch(request)
    return new Response(await render(), { headers: { 'Content-Type': 'text/html' } })
  },
  async scheduled() {
    await render()
  },
}
