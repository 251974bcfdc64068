import { createServer as createHttpServer } from 'node:http'
import express from 'express'
import { createServer } from 'vite'
import { WebSocketServer } from 'ws'

const port = Number(process.argv[process.argv.indexOf('--port') + 1])
const app = express()
const server = createHttpServer(app)
// Vite's own WebSockets come to this server, too.
const vite = await createServer({ server: { middlewareMode: true, ws: { server } } })
app.use(vite.middlewares)

/** The first message of the app's own WebSocket is its page. */
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  if (request.url !== '/socket') return
  sockets.handleUpgrade(request, socket, head, async (client) => {
    const page = await fetch(`http://127.0.0.1:${port}/`)
    client.send(await page.text())
  })
})

server.listen(port, '127.0.0.1', () => console.log('ready in 0 ms'))
process.once('SIGTERM', async () => {
  for (const client of sockets.clients) client.terminate()
  server.closeAllConnections()
  server.close()
  await vite.close()
  process.exit(0)
})
