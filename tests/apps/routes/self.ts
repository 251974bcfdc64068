import { base } from './base'
import type { Route } from './route'

/** A request that waits for another request to the same server: whoever holds both back has a dead-lock. */
export const selfRoute: Route = {
  method: 'GET',
  path: '/self',
  async handle(request) {
    const url = new URL(request.url)
    const answer = await fetch(url.origin + base + url.searchParams.get('path'))
    return new Response(await answer.text(), { status: answer.status })
  },
}
