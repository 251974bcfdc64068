import { routesWith } from '../../routes'
import { pathOf } from '../../routes/base'
import { notFound } from '../../routes/not-found'
import type { Env } from '../../routes/route'
import Home from './home'

const routes = routesWith(Home)

/** Both workers answer the same routes, each with modules, an optimizer and counters of its own. */
export function answer(request: Request, env: Env) {
  const path = pathOf(request)
  const method = request.method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [request.method, 'ALL']
  const route = routes.find((candidate) => candidate.path === path && method.includes(candidate.method))
  return route ? route.handle(request, env) : notFound(request, env)
}
