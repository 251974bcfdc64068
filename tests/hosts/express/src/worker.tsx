import { renderToReadableStream } from 'react-dom/server'

// As file routers do: by a module that the dependency scanner cannot follow at start.
const pages = import.meta.glob('./pages/*.tsx', { import: 'default' })

export default {
  async fetch(request: Request) {
    const { pathname } = new URL(request.url)
    const page = pages[`./pages/${pathname.slice(1) || 'draft'}.tsx`]
    if (!page) return new Response('no such page', { status: 404 })
    const Page = (await page()) as () => React.ReactNode
    const body = await renderToReadableStream(<Page />)
    return new Response(body, { headers: { 'Content-Type': 'text/html' } })
  },
}
