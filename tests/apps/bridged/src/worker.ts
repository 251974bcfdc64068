import { answer, side } from 'app/ssr'
import { count, forgotten, inContext, whereabouts } from './state'

let notKept = 0

export default {
  async fetch(request: Request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/sides') return Response.json({ here: import.meta.env.SIDE, there: side() })
    if (pathname === '/state') return Response.json({ kept: count(), notKept: ++notKept, module: forgotten() })
    // A borrowed module that awaits, inside a context of this one.
    const response = await inContext(pathname, () => answer(request))
    response.headers.set('x-context', inContext('after', whereabouts))
    return response
  },
}
