import { answer, assets, sharedThere, side } from 'app/ssr'
import type { Env } from '../../routes/route'
import { shared } from './shared'
import { count, evaluated, inContext, whereabouts } from './state'

let notKept = 0

export default {
  fetch(request: Request, env: Env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/sides') return Response.json({ here: import.meta.env.SIDE, there: side() })
    if (pathname === '/shared') return Response.json({ here: shared, there: sharedThere() })
    if (pathname === '/assets') return Response.json(assets)
    if (pathname === '/state') return Response.json({ kept: count(), notKept: ++notKept, evaluated: evaluated() })
    if (pathname === '/held') return inContext('held', () => held(request))
    // The lending side knows nothing of this side's context, and awaits in it all the same.
    return inContext(pathname, () => answer(request, env, whereabouts))
  },
}

/** Waits in a context until a test has made everything reload, and asks a module of after where it is. */
async function held(request: Request): Promise<Response> {
  await request.text()
  const evaluatedBefore = evaluated()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const latecomer = await import('./latecomer')
  return Response.json({ evaluated: evaluatedBefore, before: whereabouts(), after: latecomer.whereabouts() })
}
