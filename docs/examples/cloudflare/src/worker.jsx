import { renderToString } from 'react-dom/server.edge'
import { Late } from './late.jsx'

function Page() {
  return (
    <main>
      <h1>A worker</h1>
      <Late />
    </main>
  )
}

export default {
  fetch: () =>
    new Response(`<!doctype html>${renderToString(<Page />)}`, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
}
