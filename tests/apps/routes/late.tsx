import { pages } from 'virtual:pages'
import { getPages, keyOf, otherMethodPages, postPages } from '../pages/table.mjs'
import { html } from './html'
import type { Route } from './route'

const lateGet = (key: string) => async () => {
  const { default: Page } = await pages[key]()
  return html(<Page />)
}

const lateAction = (key: string) => async (request: Request) => {
  // The body before the import that may fail: workerd closes a connection whose body nobody read, and Miniflare's client may
  // send the next POST down that very connection ("fetch failed"), which has nothing to do with dependencies.
  const body = await request.text()
  const { default: act } = await pages[key]()
  const result = act(body)
  return typeof result === 'string' ? new Response(result) : html(result)
}

/** The page that a form comes back to. */
const lateForm = (key: string) => async (request: Request) => {
  await request.text()
  return lateGet(key)()
}

export const lateRoutes: Route[] = [
  ...getPages.map((page) => ({ ...page, handle: lateGet(keyOf(page)) })),
  ...[...postPages, ...otherMethodPages].map((page) => ({ ...page, handle: lateAction(keyOf(page)) })),
  { method: 'GET', path: '/draft', handle: lateGet('GET /draft') },
  { method: 'POST', path: '/draft', handle: lateForm('GET /draft') },
]
