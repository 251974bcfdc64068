import { Hono } from 'hono'
import { renderToString } from 'react-dom/server'

const app = new Hono()

app.get('/', async (context) => {
  const { default: Draft } = await import('./draft')
  return context.html(renderToString(<Draft />))
})

app.get('/beside', async (context) => {
  const { default: Beside } = await import('./beside')
  return context.html(renderToString(<Beside />))
})

export default app
