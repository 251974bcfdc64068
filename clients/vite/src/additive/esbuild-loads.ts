import type { BuildOptions, OnLoadArgs, OnLoadOptions, OnLoadResult, Plugin, PluginBuild } from 'esbuild'

interface Load {
  plugin: string
  options: OnLoadOptions
  callback: Parameters<PluginBuild['onLoad']>[1]
}

const loads = new WeakMap<BuildOptions, Load[]>()

/** How other plugins load modules in a build. esbuild asks no further plugin once one has loaded a module. */
function loadsIn({ initialOptions }: PluginBuild): Load[] {
  let found = loads.get(initialOptions)
  if (!found) {
    found = []
    loads.set(initialOptions, found)
  }
  return found
}

/** The plugin, with what it loads left to `loadByOthers`. */
export function leavingLoads(plugin: Plugin): Plugin {
  return {
    ...plugin,
    setup(build) {
      const onLoad: PluginBuild['onLoad'] = (options, callback) => {
        loadsIn(build).push({ plugin: plugin.name, options, callback })
      }
      return plugin.setup({ ...build, onLoad })
    },
  }
}

/** What the first of the other plugins makes of a module. */
export async function loadByOthers(build: PluginBuild, args: OnLoadArgs): Promise<OnLoadResult | undefined> {
  for (const { plugin, options, callback } of loadsIn(build)) {
    // An empty namespace is any.
    if (!options.filter.test(args.path) || (options.namespace && options.namespace !== args.namespace)) continue
    const loaded = await callback(args)
    // One that has neither is of no use but for its warnings: esbuild asks the next plugin.
    if (loaded && (loaded.contents !== undefined || (loaded.errors ?? []).length > 0))
      return { pluginName: plugin, ...loaded }
  }
  return undefined
}
