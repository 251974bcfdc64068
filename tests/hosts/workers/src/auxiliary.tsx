import { renderToString } from 'react-dom/server'

export default {
  async fetch() {
    const { default: Beside } = await import('./beside')
    return new Response(renderToString(<Beside />), { headers: { 'Content-Type': 'text/html' } })
  },
}
