import { Hono } from 'hono'
import { renderToString } from 'react-dom/server'
import Beside from './beside'

const document = (content: string) => `<!doctype html><html lang="en"><body>${content}</body></html>`
const page = '<div id="page"></div><link rel="icon" href="data:,"><script type="module" src="/src/client.tsx"></script>'

const app = new Hono()
app.get('/', (context) => context.html(document(page)))
app.get('/beside', (context) => context.html(document(renderToString(<Beside />))))

export default app
