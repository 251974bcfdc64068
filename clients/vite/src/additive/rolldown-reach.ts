import type { Rolldown } from 'vite'
import type { Run } from './additive.js'
import type { LayerPlan } from './layer-plan.js'
import { type LayerBuild, layerOptions } from './layer-rolldown.js'
import { Doubt } from './store.js'

/**
 * Why a layer cannot be added: it needs a module that no layer can reach. A build of Rolldown's cannot begin anew in the middle, so
 * this is found out before it. All modules of the layer are loaded for that, but only where there is something to be met.
 */
export async function unreachable(
  options: Rolldown.InputOptions,
  plan: LayerPlan,
  build: Omit<LayerBuild, 'run'>,
): Promise<Doubt | undefined> {
  const entries = Object.values(plan.fresh)
  if (entries.length === 0) return undefined
  const opaque = new Map(
    [...plan.base.modules].flatMap(([id, module]) => (module.kind === 'opaque' ? [[id, module.why]] : [])),
  )
  const [first] = opaque
  if (!first) return undefined
  let met: Doubt | undefined
  const meet: Rolldown.Plugin = {
    name: 'evenkeel:reach',
    load: {
      order: 'pre',
      handler(id) {
        const why = opaque.get(id)
        if (why === undefined) return
        met ??= doubtOf(id, why)
        throw new Error(met.detail)
      },
    },
    buildEnd() {
      throw new Error('All modules have been loaded; nothing is to be printed.')
    },
  }
  try {
    const rolldown = await build.rolldown()
    const layer = layerOptions(options, { ...build, run: { plan, ...withoutResult } })
    // Entries without names are no run of Vite's to the plugin that is asked for the options of this build, too.
    const bundle = await rolldown({ ...layer, input: entries, plugins: [meet, layer.plugins] })
    // What else is wrong with the layer, its own build says.
    await bundle.generate().catch(() => undefined)
    await bundle.close()
    return met
  } catch {
    return doubtOf(...first)
  }
}

const withoutResult: Omit<Run, 'plan'> = {
  describe: () => {
    throw new Error('Nothing is printed')
  },
  bundled: () => Promise.resolve(),
  failed: () => undefined,
}

function doubtOf(id: string, why: string): Doubt {
  return new Doubt('exportUnknown', `${id}: ${why}`)
}
