/** Tells at `/__cpu` how many milliseconds all threads of the server have computed, those of the bundler included. */
export function cpuTime() {
  return {
    name: 'fixture:cpu-time',
    configureServer(server) {
      server.middlewares.use('/__cpu', (_request, response) => {
        const { user, system } = process.cpuUsage()
        response.end(JSON.stringify((user + system) / 1_000))
      })
    },
  }
}
