import type { Route } from './route'

/** Stays inside the worker for as long as it is told to, without importing anything. */
export const slowRoute: Route = {
  method: 'GET',
  path: '/slow',
  async handle(request) {
    const ms = Number(new URL(request.url).searchParams.get('ms') ?? 0)
    await new Promise((resolve) => setTimeout(resolve, ms))
    return new Response(`slow ${ms}`)
  },
}
