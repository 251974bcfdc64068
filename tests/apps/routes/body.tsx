import { pages } from 'virtual:pages'
import { html } from './html'
import type { Route } from './route'
import { sha256 } from './sha256'

// Actions like the late ones, and with their modules, for bodies that are too long or too slow to be compared as text.

/** Says what came, in a page that needs a late dependency. */
const answer = async (key: string, request: Request) => {
  const bytes = await request.arrayBuffer()
  const { default: act } = await pages[key]()
  return html(act(`${bytes.byteLength} ${await sha256(bytes)}`))
}

export const bodyRoutes: Route[] = [
  { method: 'POST', path: '/body/tabs', handle: (request) => answer('POST /act/tabs', request) },
  { method: 'POST', path: '/body/checkbox', handle: (request) => answer('POST /act/checkbox', request) },
  {
    // Fails, when it fails, with the body untouched: as frameworks do that import an action before they parse its arguments.
    method: 'POST',
    path: '/body/unread',
    async handle(request) {
      const { default: act } = await pages['PUT /act/switch']()
      await html(act('nothing yet'))
      return answer('PUT /act/switch', request)
    },
  },
]
