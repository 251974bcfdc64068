import type { Route } from './route'
import { sha256 } from './sha256'

/** Tells whether a body came through whole. Said in a header, too, since an answer to HEAD has no body. */
export const echoRoute: Route = {
  method: 'ALL',
  path: '/echo',
  async handle(request) {
    const bytes = await request.arrayBuffer()
    const seen = { method: request.method, length: bytes.byteLength, sha256: await sha256(bytes) }
    const text = JSON.stringify(seen)
    return new Response(request.method === 'HEAD' ? null : text, {
      headers: { 'content-type': 'application/json', 'x-echo': text },
    })
  },
}
