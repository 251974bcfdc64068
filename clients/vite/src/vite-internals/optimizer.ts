import type { DepOptimizationMetadata, DevEnvironment, OptimizedDepInfo } from 'vite'
import { intercept } from './intercept.js'

export type DepsOptimizer = NonNullable<DevEnvironment['depsOptimizer']>

/**
 * Calls when `depsOptimizer.metadata` is assigned: at first with the cache that was found on disk or the want of one, then with
 * the result of each run of the optimizer. Read in Vite 6.4.6, 7.3.8, 8.0.16 and 8.3.8: `createDepsOptimizer`.
 */
export function onMetadata(
  optimizer: DepsOptimizer,
  assigned: (next: DepOptimizationMetadata, previous: DepOptimizationMetadata) => void,
): void {
  let metadata = optimizer.metadata
  Object.defineProperty(optimizer, 'metadata', {
    configurable: true,
    enumerable: true,
    get: () => metadata,
    set: (next: DepOptimizationMetadata) => {
      const previous = metadata
      metadata = next
      assigned(next, previous)
    },
  })
}

/**
 * Calls when the optimizer meets a dependency that it does not know. Read in Vite 6.4.6, 7.3.8, 8.0.16 and 8.3.8:
 * `registerMissingImport`.
 */
export function onDiscovery(optimizer: DepsOptimizer, discovered: (id: string, info: OptimizedDepInfo) => void): void {
  intercept(optimizer, 'registerMissingImport', (register, args) => {
    const [id] = args
    const { optimized, chunks, discovered: waiting } = optimizer.metadata
    const known = id in optimized || id in chunks || id in waiting
    const info = register(...args)
    if (!known && id in optimizer.metadata.discovered) discovered(id, info)
    return info
  })
}

/**
 * Vite's own `init` tells a second caller that all is done while the first is still waiting. Read in Vite 6.4.6, 7.3.8, 8.0.16
 * and 8.3.8.
 */
export function initOnce({ depsOptimizer }: DevEnvironment): void {
  if (!depsOptimizer) return
  let initialized: Promise<void> | undefined
  intercept(depsOptimizer, 'init', (init, args) => (initialized ??= init(...args)))
}

/** How the optimizers run whose `run` takes another one along. */
const runsAlone = new WeakMap<DepsOptimizer, () => void>()

/**
 * Frameworks re-run an optimizer when their own scans have found something; the borrowing side depends on it. Read in Vite 6.4.6,
 * 7.3.8, 8.0.16 and 8.3.8.
 */
export function rerunTogether(lender: DevEnvironment, borrower: DevEnvironment): void {
  const optimizer = lender.depsOptimizer
  if (!optimizer) return
  const run = intercept(optimizer, 'run', (run, args) => {
    run(...args)
    borrower.depsOptimizer?.run()
  })
  runsAlone.set(optimizer, run)
}

/** Runs an optimizer for what it has met itself; the side that borrows from it has nothing to run for. */
export function runAlone(optimizer: DepsOptimizer): void {
  const run = runsAlone.get(optimizer) ?? optimizer.run
  run()
}
