import { env as builtin } from 'cloudflare:workers'
import { answer, assets, builtinThere, sharedThere, side } from 'app/ssr'
import type { Env } from '../../routes/route'
import { shared } from './shared'
import { count, evaluated, inContext, whereabouts } from './state'

let notKept = 0

export default {
  async fetch(request: Request, env: Env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/sides') return Response.json({ here: import.meta.env.SIDE, there: side(), builtins: builtin === builtinThere })
    if (pathname === '/shared') return Response.json({ here: await sharedHere(), there: sharedThere() })
    if (pathname === '/assets') return Response.json(assets)
    if (pathname === '/state') return Response.json({ kept: count(), notKept: ++notKept, evaluated: evaluated() })
    if (pathname === '/held') return inContext('held', () => held(request))
    if (pathname === '/release') return new Response(`released ${((globalThis as any).__fixtureReleased = true)}`)
    // The lending side knows nothing of this side's context, and awaits in it all the same.
    return inContext(pathname, () => answer(request, env, whereabouts))
  },
}

async function sharedHere() {
  const unseen = '/src/loose.ts'
  const { loose } = await import(/* @vite-ignore */ unseen)
  return { shared, loose }
}

/** Waits in a context until a test has made everything reload, and asks a module of after where it is. */
async function held(request: Request): Promise<Response> {
  await request.text()
  const evaluatedBefore = evaluated()
  // On globalThis, because that alone outlives the reload that is waited for.
  while (!(globalThis as any).__fixtureReleased) await new Promise((resolve) => setTimeout(resolve, 20))
  const latecomer = await import('./latecomer')
  return Response.json({ evaluated: evaluatedBefore, before: whereabouts(), after: latecomer.whereabouts() })
}
