import { pathOf } from './base'
import type { Env } from './route'

/** With `run_worker_first` the static files are the worker's to serve. */
export async function notFound(request: Request, env: Env): Promise<Response> {
  if (env.ASSETS) {
    const asset = await env.ASSETS.fetch(request)
    if (asset.status !== 404) {
      const answer = new Response(asset.body, asset)
      // A static file looks the same whoever served it.
      answer.headers.set('x-served-by', 'worker')
      return answer
    }
  }
  return new Response(`not found: ${pathOf(request)}`, { status: 404 })
}
