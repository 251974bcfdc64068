import type { Route } from './route'

// On globalThis, because that alone survives the reload whose effects are to be counted.
const started: Record<string, number> = ((globalThis as any).__fixtureStarted ??= {})

/** Counts a handler when it starts: a handler that never came to its end has run all the same. */
export const counted = (route: Route): Route => ({
  ...route,
  handle(request, env) {
    const key = `${request.method} ${route.path}`
    started[key] = (started[key] ?? 0) + 1
    return route.handle(request, env)
  },
})

export const countsRoute: Route = { method: 'GET', path: '/__counts', handle: () => Response.json(started) }
