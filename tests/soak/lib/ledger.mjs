// How often each action ran, told by the workers themselves: a restart of Vite forgets what a worker remembers.
import http from 'node:http'

export async function openLedger() {
  const steps = new Map()
  const server = http.createServer((request, response) => {
    const [, id, step] = request.url.split('/')
    const seen = steps.get(id) ?? {}
    seen[step] = (seen[step] ?? 0) + 1
    steps.set(id, seen)
    request.resume()
    response.end()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    /** What a worker is told to call for one action. */
    urlFor: (id) => `http://127.0.0.1:${server.address().port}/${id}`,
    of: (id) => ({ started: 0, acted: 0, ...steps.get(id) }),
    all: () => [...steps].map(([id, seen]) => ({ id, started: 0, acted: 0, ...seen })),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
