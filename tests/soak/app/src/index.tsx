// Laid over a copy of tests/apps/worker, beside which `../../routes` is found.
import { routesWith } from '../../routes'
import { pathOf } from '../../routes/base'
import { notFound } from '../../routes/not-found'
import type { Env } from '../../routes/route'
import Home from './home'
import { answerOfPage } from './pages'

const routes = routesWith(Home)

export default {
  fetch(request: Request, env: Env) {
    const path = pathOf(request)
    const page = answerOfPage(request, path)
    if (page) return page
    const method = request.method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [request.method, 'ALL']
    const route = routes.find((candidate) => candidate.path === path && method.includes(candidate.method))
    return route ? route.handle(request, env) : notFound(request, env)
  },
}
