/**
 * Vite's own default, which the Cloudflare plugin turns off for its environments. Only the resolved config is sure to
 * come after every plugin's say, hence the mutation; the environment keeps a reference to this very object.
 */
export function strictOutdated() {
  return {
    name: 'fixture:strict-outdated',
    enforce: 'post',
    configResolved(config) {
      for (const [name, environment] of Object.entries(config.environments)) {
        if (name !== 'client') environment.optimizeDeps.ignoreOutdatedRequests = false
      }
    },
    configureServer(server) {
      for (const [name, environment] of Object.entries(server.environments)) {
        if (name !== 'client' && environment.config.optimizeDeps.ignoreOutdatedRequests) {
          throw new Error(`strict mode did not reach the environment "${name}"`)
        }
      }
    },
  }
}
