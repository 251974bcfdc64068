/** As on a busy machine, where a test wants one: each app module of a server environment takes its time, as a large plugin pipeline does. */
export function slowTransforms() {
  const ms = Number(process.env.SLOW_TRANSFORM_MS ?? 0)
  if (ms === 0) return []
  return {
    name: 'fixture:slow-transforms',
    applyToEnvironment: ({ config }) => config.consumer === 'server',
    async transform(_code, id) {
      if (id.includes('\0') || id.includes('/node_modules/') || !id.startsWith(process.cwd())) return
      await new Promise((resolve) => setTimeout(resolve, ms))
    },
  }
}
