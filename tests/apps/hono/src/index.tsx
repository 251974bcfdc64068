import { Hono } from 'hono'
import { routesWith } from '../../routes'
import { base } from '../../routes/base'
import { notFound } from '../../routes/not-found'
import type { Env } from '../../routes/route'
import Home from './home'

// Hono's own error handler is left in place: that it answers 500 by itself, so that no error leaves the worker, is the point
// of this app. Not strict about a slash at the end, because below a base the home page has one.
const app = new Hono<{ Bindings: Env }>({ strict: false }).basePath(base || '/')

for (const route of routesWith(Home)) {
  app.on(route.method, route.path, (c) => route.handle(c.req.raw, c.env))
}
app.notFound((c) => notFound(c.req.raw, c.env))

export default app
