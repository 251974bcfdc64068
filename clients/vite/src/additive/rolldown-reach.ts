import type { Rolldown } from 'vite'
import type { LayerPlan } from './layer-plan.js'
import { type BuildTools, lookAhead } from './rolldown-look-ahead.js'
import { Doubt } from './store.js'

/**
 * Why a layer cannot be added: it needs a module that no layer can reach. A build of Rolldown's cannot begin anew in the middle, so
 * this is found out before it. All modules of the layer are loaded for that, but only where there is something to be met.
 */
export async function unreachable(
  options: Rolldown.InputOptions,
  plan: LayerPlan,
  tools: BuildTools,
): Promise<Doubt | undefined> {
  const opaque = new Map(
    [...plan.base.modules].flatMap(([id, module]) => (module.kind === 'opaque' ? [[id, module.why]] : [])),
  )
  const [first] = opaque
  if (!first || Object.keys(plan.fresh).length === 0) return undefined
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
    await lookAhead(options, plan, tools, { before: meet })
    return met
  } catch {
    return doubtOf(...first)
  }
}

function doubtOf(id: string, why: string): Doubt {
  return new Doubt('exportUnknown', `${id}: ${why}`)
}
