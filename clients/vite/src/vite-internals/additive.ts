import { createHash } from 'node:crypto'
import type { DepOptimizationMetadata, DevEnvironment, OptimizedDepInfo } from 'vite'
import type { DepsOptimizer } from './optimizer.js'

type Hashes = Pick<DepOptimizationMetadata, 'hash' | 'lockfileHash' | 'configHash'>
type EnvironmentClass = new (name: string, config: unknown, context: { hot: false }) => DevEnvironment

/** The imports of an entry that is a facade of a layer's, as they are in the `fileHash` of its metadata. */
const NO_IMPORTS = '[]'

/**
 * The hashes of the lockfile and of the config as they are now. Vite exports no function for that; a new environment begins with
 * them. Read in Vite 6.4.0, 6.4.6, 7.3.0, 7.3.8, 8.0.0, 8.0.16, 8.1.5, 8.2.0, 8.3.8 and 8.4.0: `initDepsOptimizerMetadata`.
 */
export function hashesOfNow(environment: DevEnvironment): Hashes | undefined {
  const DevEnvironment = viteClassOf(environment)
  if (!DevEnvironment) return undefined
  const { name } = environment
  return new DevEnvironment(name, environment.getTopLevelConfig(), { hot: false }).depsOptimizer?.metadata
}

/** The class of Vite's that the environment's own class extends. */
function viteClassOf(environment: DevEnvironment): EnvironmentClass | undefined {
  let parent: { name: string } | null = environment.constructor
  while (parent && parent.name !== 'DevEnvironment') parent = Object.getPrototypeOf(parent)
  return (parent ?? undefined) as EnvironmentClass | undefined
}

/**
 * Gives the metadata the hashes of now, so that Vite does not reload for a lockfile that has changed in other places. Returns
 * whether the metadata was made of its hashes as expected, and was changed. Read in the same versions: `runOptimizeDeps`.
 */
export function bringHashesUpToDate({ metadata }: DepsOptimizer, now: Hashes): boolean {
  const deps = Object.values(metadata.optimized)
  if (deps.some(({ file, fileHash }) => fileHash !== fileHashOf(metadata.hash, file))) return false
  for (const dep of deps) dep.fileHash = fileHashOf(now.hash, dep.file)
  const { hash, lockfileHash, configHash } = now
  Object.assign(metadata, { hash, lockfileHash, configHash })
  return true
}

/**
 * Gives the entries of a cache that Vite begins with URLs that those of no other cache have. Vite's are the same for all caches of the same
 * dependencies, and browsers keep what is there for good; but entries of layers name files that are in one cache alone. Read in the
 * same versions: `parseDepsOptimizerMetadata`, and `optimizedDepsPlugin`.
 */
export function distinguish(metadata: DepOptimizationMetadata, stamp: string): void {
  metadata.browserHash = shortHash(metadata.browserHash + stamp)
  const { browserHash } = metadata
  for (const dep of [...Object.values(metadata.optimized), ...Object.values(metadata.chunks)])
    dep.browserHash = browserHash
}

function fileHashOf(hash: string, file: string): string {
  return shortHash(hash + file + NO_IMPORTS)
}

/** As Vite makes its own. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

/** Makes Vite reload the environment when it commits the run that is going on. Read in the same versions: `runOptimizer`. */
export function reloadAtCommit({ metadata }: DepsOptimizer): void {
  for (const dep of Object.values(metadata.optimized)) dep.fileHash = 'to be reloaded'
}

/**
 * Tells Vite where it has to take dependencies from at the next run: it goes on with the source that it found at first. Read in the same
 * versions: `prepareKnownDeps`.
 */
export function correctSources({ optimized }: DepOptimizationMetadata, moved: Map<string, string>): void {
  for (const dep of Object.values(optimized)) if (dep.src) dep.src = moved.get(dep.src) ?? dep.src
}

/**
 * Saves a run from reading the source of an entry, if `exportsOf` knows what it exports; asked when the run begins. Read in the same
 * versions: `prepareKnownDeps`, and `prepareRolldownOptimizerRun` or `prepareEsbuildOptimizerRun`.
 */
export function giveExports(dep: OptimizedDepInfo, exportsOf: () => Awaited<OptimizedDepInfo['exportsData']>): void {
  Object.defineProperty(dep, 'exportsData', {
    configurable: true,
    enumerable: true,
    get: () => {
      const exports = exportsOf()
      return exports && Promise.resolve(exports)
    },
  })
}
