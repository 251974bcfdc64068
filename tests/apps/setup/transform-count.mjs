/** Tells at `/__transforms` how many modules below a folder each environment has transformed: how far a crawl has come. */
export function transformCount(folder) {
  const counts = {}
  return {
    name: 'fixture:transform-count',
    transform(_code, id) {
      if (!id.includes(folder)) return
      counts[this.environment.name] = (counts[this.environment.name] ?? 0) + 1
    },
    configureServer(server) {
      server.middlewares.use('/__transforms', (_request, response) => response.end(JSON.stringify(counts)))
    },
  }
}
