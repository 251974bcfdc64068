import type { DepOptimizationMetadata, DevEnvironment } from 'vite'
import { intercept } from './intercept.js'
import { interceptTransforms } from './modules.js'

export type DepsOptimizer = NonNullable<DevEnvironment['depsOptimizer']>

/** What assignments to `depsOptimizer.metadata` mean. */
interface MetadataListener {
  /** The cache that was found on disk, or the want of one. */
  begun?(metadata: DepOptimizationMetadata): void
  /** The result of a run of the optimizer. */
  committed?(next: DepOptimizationMetadata, previous: DepOptimizationMetadata): void
  /** A run has failed: Vite forgets all that it has met and not bundled. */
  failed?(forgotten: DepOptimizationMetadata['discovered']): void
}

/**
 * Calls when `depsOptimizer.metadata` is assigned, or what it has discovered. `init` is the first to do so, and does it once; how far
 * it is has a name (`initState`) since Vite 8.1 only. To be called before anybody has called `init`; those who were called for first
 * hear of it first. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `createDepsOptimizer`, `runOptimizer` and
 * `createExplicitDepsOptimizer`.
 */
export function onMetadata(optimizer: DepsOptimizer, listener: MetadataListener): void {
  let isBegun = false
  onAssignment(optimizer, 'metadata', (next, previous) => {
    onAssignment(next, 'discovered', (_, forgotten) => listener.failed?.(forgotten))
    const isCommit = isBegun
    isBegun = true
    if (isCommit) listener.committed?.(next, previous)
    else listener.begun?.(next)
  })
}

function onAssignment<T extends object, K extends keyof T>(
  target: T,
  key: K,
  assigned: (next: T[K], previous: T[K]) => void,
): void {
  let value = target[key]
  const before = Object.getOwnPropertyDescriptor(target, key)?.set
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get: () => value,
    set: (next: T[K]) => {
      const previous = value
      value = next
      before?.(next)
      assigned(next, previous)
    },
  })
}

/**
 * Calls when the optimizer meets a dependency that it does not know. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0:
 * `registerMissingImport`.
 */
export function onDiscovery(optimizer: DepsOptimizer, discovered: (id: string) => void): void {
  intercept(optimizer, 'registerMissingImport', (register, args) => {
    const [id] = args
    const { optimized, chunks, discovered: waiting } = optimizer.metadata
    const known = id in optimized || id in chunks || id in waiting
    const info = register(...args)
    if (!known && id in optimizer.metadata.discovered) discovered(id)
    return info
  })
}

/**
 * Whether the dev server knows what a file imports; the optimizer does not meet it by that. Read in Vite 8.0.0, 8.0.16, 8.3.8 and 8.4.0:
 * `EnvironmentPluginContainer.resolveId`, whose `scan` its types leave out.
 */
export async function isResolved({ pluginContainer }: DevEnvironment, id: string, importer: string): Promise<boolean> {
  const options: object = { scan: true }
  const resolved = await pluginContainer.resolveId(id, importer, options).catch(() => null)
  return resolved !== null
}

/**
 * Keeps a dependency that cannot be parsed from ending Vite: its source is read when it is met, and only the run, 100 ms later, looks
 * at what came of it. The run still fails, and says so. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `addMissingDep`.
 */
export function surviveBrokenSources({ depsOptimizer }: DevEnvironment): void {
  if (!depsOptimizer) return
  intercept(depsOptimizer, 'registerMissingImport', (register, args) => {
    const info = register(...args)
    info.exportsData?.catch(() => {})
    return info
  })
}

/**
 * Lets the first module that is transformed begin the optimizer, and wait for it. Vite begins it when the server listens, and
 * forgets what was met before: whoever has asked for that waits for a run that never comes. workerd outlives a restart of Vite, and
 * asks the next server for modules before it listens. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `createDepsOptimizer`,
 * `DevEnvironment.listen`.
 */
export function initBeforeTransforms(environment: DevEnvironment): void {
  const { depsOptimizer } = environment
  if (!depsOptimizer) return
  initOnce(depsOptimizer)
  let isInitialized = false
  const initialize = async () => {
    // An error is told of when Vite calls it.
    await depsOptimizer.init().catch(() => {})
    isInitialized = true
  }
  interceptTransforms(environment, (transform, args) =>
    isInitialized ? transform(...args) : initialize().then(() => transform(...args)),
  )
}

/**
 * Vite's own `init` tells a second caller that all is done while the first is still waiting. Read in Vite 6.4.6, 7.3.8, 8.0.16,
 * 8.3.8 and 8.4.0.
 */
function initOnce(optimizer: DepsOptimizer): void {
  let initialized: Promise<void> | undefined
  intercept(optimizer, 'init', (init, args) => (initialized ??= init(...args)))
}

/** How the optimizers run whose `run` takes another one along. */
const runsAlone = new WeakMap<DepsOptimizer, () => void>()

/**
 * Frameworks re-run an optimizer when their own scans have found something; the borrowing side depends on it. Read in Vite 6.4.6,
 * 7.3.8, 8.0.16, 8.3.8 and 8.4.0.
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
