import type { Rolldown } from 'vite'
import type { LayerPlan } from './layer-plan.js'
import { JAVASCRIPT } from './layer-rolldown.js'
import { isModule } from './module-syntax.js'
import { type BuildTools, lookAhead } from './rolldown-look-ahead.js'

const SELF = 'evenkeel-self'

/** Whether chunks do not tell what nobody needs: below Rolldown 1.1, what a module imports and does not use is in its chunk. */
export function mixesUnused(rolldownVersion: string): boolean {
  return /^(?:0|1\.0)\./.test(rolldownVersion)
}

/**
 * The modules that a layer has, if nothing lists them and each that is needed keeps all that it exports. Names of chunks are asked for
 * once that is known, and before anything is printed. `undefined` if it cannot be found out.
 */
export async function neededModules(
  options: Rolldown.InputOptions,
  plan: LayerPlan,
  tools: BuildTools,
): Promise<ReadonlySet<string> | undefined> {
  const needed = new Set<string>()
  let isKnown = false
  const see = ({ moduleIds }: Rolldown.PreRenderedChunk) => {
    for (const id of moduleIds) needed.add(id)
    return '[name]-[hash].js'
  }
  const look: Rolldown.Plugin = {
    name: 'evenkeel:needed',
    resolveId: { order: 'pre', filter: { id: new RegExp(`^${SELF}$`) }, handler: (_, importer) => importer },
    transform: {
      order: 'post',
      filter: { moduleType: JAVASCRIPT },
      handler(code, _, { moduleType }) {
        if (!isModule(code, (source) => this.parse(source, { lang: moduleType as 'js' }))) return undefined
        return { code: `${code}\n;import * as evenkeelSelf from '${SELF}';evenkeelKeeps(evenkeelSelf);`, map: null }
      },
    },
    outputOptions: (output) => ({ ...output, sourcemap: false, entryFileNames: see, chunkFileNames: see }),
    renderChunk() {
      isKnown = true
      throw new Error('All chunks are known; nothing is to be printed.')
    },
  }
  await lookAhead(options, plan, tools, { after: look }).catch(() => undefined)
  return isKnown ? needed : undefined
}
