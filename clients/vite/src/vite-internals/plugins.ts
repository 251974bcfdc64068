import type { Plugin } from 'vite'

/** Takes hooks away from plugins, by their names: those that a preset stands in for. Returns those that are not there. */
export function removeHooks(plugins: readonly Plugin[], hooks: Record<string, Array<keyof Plugin>>): string[] {
  return Object.entries(hooks).flatMap(([name, removed]) => {
    const named = plugins.filter((plugin) => plugin.name === name)
    const isThere = (hook: keyof Plugin) => named.some((plugin) => plugin[hook] !== undefined)
    const missing = removed.filter((hook) => !isThere(hook)).map((hook) => `${name} ${hook}`)
    for (const plugin of named) for (const hook of removed) delete (plugin as Partial<Plugin>)[hook]
    return missing
  })
}
