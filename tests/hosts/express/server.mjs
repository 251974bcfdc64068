import express from 'express'
import { createServer } from 'vite'

const app = express()
const vite = await createServer({ server: { middlewareMode: true, ws: false } })
app.use(vite.middlewares)
const server = app.listen(Number(process.argv[process.argv.indexOf('--port') + 1]), '127.0.0.1', () => console.log('ready in 0 ms'))
process.once('SIGTERM', async () => {
  server.closeAllConnections()
  server.close()
  await vite.close()
  process.exit(0)
})
