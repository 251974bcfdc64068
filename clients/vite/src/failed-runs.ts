import type { DevEnvironment } from 'vite'
import { onMetadata } from './vite-internals/optimizer.js'

/**
 * Transforms anew what imports a dependency that Vite has forgotten because a run of the optimizer has failed: it asks for a file that
 * nobody will write. The dependency is met again then, perhaps without the one that made the run fail.
 */
export function retransformAfterFailedRuns({ depsOptimizer, moduleGraph }: DevEnvironment): void {
  if (!depsOptimizer) return
  onMetadata(depsOptimizer, {
    failed: (forgotten) => {
      const nodes = Object.values(forgotten).flatMap(({ file }) => [...(moduleGraph.getModulesByFile(file) ?? [])])
      for (const importer of nodes.flatMap(({ importers }) => [...importers])) moduleGraph.invalidateModule(importer)
    },
  })
}
