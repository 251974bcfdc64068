import { createServer as createHttpServer } from 'node:http'
import { parseArgs } from 'node:util'
import express from 'express'
import { createServer } from 'vite'

const { values } = parseArgs({ options: { port: { type: 'string', default: '5173' } } })

const app = express()
const server = createHttpServer(app)
const vite = await createServer({ server: { middlewareMode: true, hmr: { server } } })

app.get('/api/hello', (_request, response) => response.json({ hello: 'from Express' }))
app.use(vite.middlewares)

server.listen(Number(values.port), '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${values.port}/`))

process.once('SIGTERM', async () => {
  server.closeAllConnections()
  server.close()
  await vite.close()
})
