import { pages } from 'virtual:pages'
import { keyOf, streamPage } from '../pages/table.mjs'
import { html } from './html'
import type { Route } from './route'

/** Once its head is out, an answer can't be taken back: the late import comes after that on purpose. */
export const streamRoute: Route = {
  ...streamPage,
  handle() {
    const { readable, writable } = new TransformStream()
    const write = async () => {
      const writer = writable.getWriter()
      await writer.write(new TextEncoder().encode('<!DOCTYPE html><p>first chunk</p>\n'))
      writer.releaseLock()
      const { default: Page } = await pages[keyOf(streamPage)]()
      const rest = await html(<Page />)
      await rest.body!.pipeTo(writable)
    }
    write().catch((error) => writable.abort(error))
    return new Response(readable, { headers: { 'content-type': 'text/html; charset=utf-8' } })
  },
}
