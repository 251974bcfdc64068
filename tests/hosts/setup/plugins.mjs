// Vite bundles its config and resolves every import written out in it: the bare stack must run without the package built.
const importUnseen = (specifier) => import(specifier)

/** What a test adds to a host's own plugins: nothing at all on the bare stack of an idle machine. */
export async function addedPlugins(env = process.env) {
  const plugins = []
  if (env.EVENKEEL_OPTIONS) plugins.push((await importUnseen('evenkeel')).evenkeel(JSON.parse(env.EVENKEEL_OPTIONS)))
  if (env.SLOW_TRANSFORM_MS) plugins.push(slowTransforms(Number(env.SLOW_TRANSFORM_MS)))
  return plugins
}

/** As on a busy machine: each app module of a server environment takes its time, as a large plugin pipeline does. */
function slowTransforms(ms) {
  return {
    name: 'fixture:slow-transforms',
    applyToEnvironment: ({ config }) => config.consumer === 'server',
    async transform(_code, id) {
      if (id.includes('\0') || id.includes('/node_modules/') || !id.startsWith(process.cwd())) return
      await new Promise((resolve) => setTimeout(resolve, ms))
    },
  }
}
