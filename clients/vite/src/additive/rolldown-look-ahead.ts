import type { Rolldown } from 'vite'
import type { Run } from './additive.js'
import type { LayerPlan } from './layer-plan.js'
import { type LayerBuild, layerOptions } from './layer-rolldown.js'

/** What a layer is built with, whatever it is built for. */
export type BuildTools = Omit<LayerBuild, 'run' | 'isListed'>

/** Builds a layer to see something of it. The plugins around its own look, and end the build when they have seen enough. */
export async function lookAhead(
  options: Rolldown.InputOptions,
  plan: LayerPlan,
  tools: BuildTools,
  { before, after }: { before?: Rolldown.Plugin; after?: Rolldown.Plugin },
): Promise<void> {
  const rolldown = await tools.rolldown()
  const layer = layerOptions(options, { ...tools, run: { plan, ...withoutResult }, isListed: () => false })
  // Entries without names are no run of Vite's to the plugin that is asked for the options of this build, too.
  const bundle = await rolldown({ ...layer, input: Object.values(plan.fresh), plugins: [before, layer.plugins, after] })
  // What is wrong with the layer, its own build says.
  await bundle.generate().catch(() => undefined)
  await bundle.close()
}

const withoutResult: Omit<Run, 'plan'> = {
  lookAt: () => undefined,
  describe: () => {
    throw new Error('Nothing is printed')
  },
  bundled: () => Promise.resolve(),
  failed: () => undefined,
}
