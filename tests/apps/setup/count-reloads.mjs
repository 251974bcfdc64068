/**
 * Counts the `full-reload`s that each environment is sent, whoever sends them, and tells at `/__reloads`. To be listed before
 * Evenkeel, which sends past everybody who comes after it.
 */
export function countReloads() {
  return {
    name: 'fixture:count-reloads',
    enforce: 'pre',
    configureServer: {
      order: 'pre',
      handler(server) {
        const sent = {}
        for (const { name, hot } of Object.values(server.environments)) {
          sent[name] = 0
          const send = hot.send.bind(hot)
          hot.send = (...args) => {
            if (args[0]?.type === 'full-reload') sent[name]++
            return send(...args)
          }
        }
        server.middlewares.use('/__reloads', (_request, response) => response.end(JSON.stringify(sent)))
      },
    },
  }
}
