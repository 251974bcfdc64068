import type { Route } from './route'

const copies = () => (globalThis as any).__reactCopies ?? 0

/** Tells with every answer how many Reacts there were when its handler started, and when it answered. */
export const copiesTold = (route: Route): Route => ({
  ...route,
  async handle(request, env) {
    const atStart = copies()
    const response = await route.handle(request, env)
    response.headers.set('x-react-copies', `${atStart}/${copies()}`)
    return response
  },
})
