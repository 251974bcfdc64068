import { hostileErrors } from '../pages/hostile-errors.mjs'
import type { Route } from './route'

/** Failures that are the app's own: nobody may retry or reword them. */
export const failureRoutes: Route[] = [
  {
    method: 'GET',
    path: '/throws',
    handle() {
      throw new Error('user error: boom')
    },
  },
  ...Object.entries(hostileErrors).map(([name, error]) => ({
    method: 'GET',
    path: `/throws/${encodeURIComponent(name)}`,
    handle() {
      throw error()
    },
  })),
  { method: 'GET', path: '/status/500', handle: () => new Response('user 500', { status: 500 }) },
]
