import { renderToReadableStream } from '@vitejs/plugin-rsc/rsc'
import Root from './root'

/** What the URL of a page's content ends with, after the page's own. */
const content = /_content$/

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const stream = renderToReadableStream(<Root path={pathname.replace(content, '')} />)
    if (content.test(pathname)) return new Response(stream, { headers: { 'content-type': 'text/x-component' } })
    const { render } = await import.meta.viteRsc.loadModule<typeof import('./entry.ssr')>('ssr', 'index')
    return new Response(await render(stream), { headers: { 'content-type': 'text/html' } })
  },
}
