/**
 * Prints, with TRACE=1, who does what around a late dependency: which environment discovers it, commits, sends what to its hot
 * channel, and which of the framework's requests begin and end meanwhile.
 */
export function trace() {
  const say = (text) => console.log(`[trace] ${Math.round(performance.now())} ${text}`)
  return {
    name: 'fixture:trace',
    enforce: 'pre',
    configureServer: {
      order: 'pre',
      handler(server) {
        for (const environment of Object.values(server.environments)) traceEnvironment(environment, say)
        server.middlewares.use((req, res, next) => {
          if (/^\/(__counts|\?|$)/.test(req.url)) {
            const what = `${req.method} ${req.url}`
            say(`${what} begins`)
            res.once('close', () => say(`${what} ends ${res.writableFinished ? res.statusCode : 'unfinished'}`))
          }
          next()
        })
        // Behind whoever else traps the property: the one who comes last has to hand on what it sees.
        return () => {
          for (const environment of Object.values(server.environments)) traceCommits(environment, say)
        }
      },
    },
  }
}

function traceEnvironment(environment, say) {
  const { name, hot, depsOptimizer } = environment
  const { send } = hot
  hot.send = function (...args) {
    say(`${name} sends ${JSON.stringify(args).slice(0, 160)}`)
    return send.apply(this, args)
  }
  if (!depsOptimizer) return
  const { registerMissingImport } = depsOptimizer
  depsOptimizer.registerMissingImport = (id, ...rest) => {
    const known = { ...depsOptimizer.metadata.optimized, ...depsOptimizer.metadata.discovered }
    if (!known[id]) say(`${name} discovers ${id}`)
    return registerMissingImport(id, ...rest)
  }
}

function traceCommits({ name, depsOptimizer }, say) {
  if (!depsOptimizer) return
  let { metadata } = depsOptimizer
  const { get = () => metadata, set = (next) => (metadata = next) } = Object.getOwnPropertyDescriptor(depsOptimizer, 'metadata')
  Object.defineProperty(depsOptimizer, 'metadata', {
    configurable: true,
    enumerable: true,
    get,
    set(next) {
      const reloads = next.browserHash !== get().browserHash
      say(`${name} commits${reloads ? ', with a new hash' : ''}: ${Object.keys(next.optimized).length} optimized`)
      set(next)
    },
  })
}
