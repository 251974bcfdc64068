import { env as builtin } from 'cloudflare:workers'
import { routesWith } from '../../routes'
import { pathOf } from '../../routes/base'
import { notFound } from '../../routes/not-found'
import type { Env } from '../../routes/route'
import data from './data.json'
import Home from './home'
import { loose } from './loose'
import classes from './named.module.css'
import { shared } from './shared'
import './style.css'
import text from './text.txt?raw'

const routes = routesWith(Home)

export const side = () => import.meta.env.SIDE
export const builtinThere = builtin
export const sharedThere = () => ({ shared, loose })
export const assets = { text: text.trim(), data, named: typeof classes.named }

export async function answer(request: Request, env: Env, whereabouts: () => string): Promise<Response> {
  const path = pathOf(request)
  if (path === '/throws-there') throw new Error('thrown in ssr.tsx')
  const route = routes.find((candidate) => candidate.path === path && candidate.method === request.method)
  const response = await (route?.handle(request, env) ?? notFound(request, env))
  response.headers.set('x-context', whereabouts())
  return response
}
