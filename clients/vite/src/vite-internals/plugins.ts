import type { Plugin } from 'vite'

/** Takes hooks away from plugins, by their names: those that a preset stands in for. */
export function removeHooks(plugins: readonly Plugin[], hooks: Record<string, Array<keyof Plugin>>): void {
  for (const plugin of plugins) {
    for (const hook of hooks[plugin.name] ?? []) delete (plugin as Partial<Plugin>)[hook]
  }
}
