import type { DevEnvironment } from 'vite'
import { unwrapId } from '../module-ids.js'

/**
 * Meets what the lending side imports statically, and has it optimized. A worker is imported before the server listens: the
 * optimizer of the lending side would not have begun yet, and nobody could re-issue what a late dependency makes fail.
 */
export async function prepare(lender: DevEnvironment, entry: string): Promise<void> {
  const optimizer = lender.depsOptimizer
  if (!optimizer) return
  await optimizer.init()
  const met = new Set<string>()
  const meet = async (url: string): Promise<void> => {
    if (met.has(url) || optimizer.isOptimizedDepUrl(url)) return
    met.add(url)
    // What fails here fails again, and is reported, when it is borrowed.
    const result = await lender.transformRequest(unwrapId(url)).catch(() => null)
    await Promise.all(result?.deps?.map(meet) ?? [])
  }
  const resolved = await lender.pluginContainer.resolveId(entry)
  if (resolved && !optimizer.isOptimizedDepFile(resolved.id)) await meet(entry)
  for (;;) {
    const runs = Object.values(optimizer.metadata.discovered).flatMap(({ processing }) => processing ?? [])
    if (runs.length === 0) return
    await Promise.all(runs)
  }
}

/** The same answer as the sidecar's, for when there is none. */
export function liveId(environment: DevEnvironment, id: string): string | undefined {
  const optimizer = environment.depsOptimizer
  const info = optimizer?.metadata.optimized[id]
  return optimizer && info ? optimizer.getOptimizedDepId(info) : undefined
}
