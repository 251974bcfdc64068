import { pages } from 'virtual:pages'
import { keyOf, streamPage } from '../pages/table.mjs'
import { base } from './base'
import { html } from './html'
import type { Route } from './route'

/** As early as it can be, so that a page that never comes to its end has Vite's client all the same. */
const firstChunk = `<!DOCTYPE html>
<link rel="icon" href="data:,">
<script type="module" async src="${base}/@vite/client"></script>
<p>first chunk</p>
`

/** Once its head is out, an answer can't be taken back: the late import comes after that on purpose. */
export const streamRoute: Route = {
  ...streamPage,
  handle() {
    const { readable, writable } = new TransformStream()
    const write = async () => {
      const writer = writable.getWriter()
      await writer.write(new TextEncoder().encode(firstChunk))
      writer.releaseLock()
      const { default: Page } = await pages[keyOf(streamPage)]()
      const rest = await html(<Page />)
      await rest.body!.pipeTo(writable)
    }
    write().catch((error) => writable.abort(error))
    return new Response(readable, { headers: { 'content-type': 'text/html; charset=utf-8' } })
  },
}
