import type { DevEnvironment, EnvironmentModuleNode, TransformResult } from 'vite'
import { unwrapId } from './module-ids.js'

type Fetch = DevEnvironment['fetchModule']

/** What was handed out belonged to no transform result any more when it was. */
const STALE = Symbol('stale')

/**
 * What a module runner has of an environment's modules. Vite tells it to keep its copy for as long as there is a
 * transform result, because nobody but the runner asks for one. A crawl does, and a warm-up: then the runner's copy
 * may be old all the same, and it has to be told so.
 */
export class RunnerCopies {
  readonly #environment: DevEnvironment
  /** Which transform result of a module the runner was given last. */
  readonly #copies = new WeakMap<EnvironmentModuleNode, TransformResult | typeof STALE>()

  constructor(environment: DevEnvironment) {
    this.#environment = environment
  }

  /** Fetches a module as Vite does, and tells the runner when what it has of it is old. */
  async fetch(fetchModule: Fetch, args: Parameters<Fetch>): ReturnType<Fetch> {
    const [id, importer, options, ...further] = args
    const { moduleGraph } = this.#environment
    const startedAt = Date.now()
    let result = await fetchModule(...args)
    if ('cache' in result) {
      const module = await moduleGraph.getModuleByUrl(unwrapId(id))
      if (!module || !this.#isOutdated(module)) return result
      result = await fetchModule(id, importer, { ...options, cached: false }, ...further)
    }
    const module = 'id' in result ? moduleGraph.getModuleById(result.id) : undefined
    if (!module || !('code' in result)) return result
    const { transformResult } = module
    const isOutdated = this.#isOutdated(module)
    // Vite hands out the code of a transform result as it is, and an environment of somebody else may change it. Only one that began
    // before a reload may be behind the times.
    const isBehind = transformResult?.code !== result.code && invalidatedAt(module) >= startedAt
    this.#copies.set(module, transformResult && !isBehind ? transformResult : STALE)
    return isOutdated ? { ...result, invalidate: true } : result
  }

  #isOutdated(module: EnvironmentModuleNode): boolean {
    const copy = this.#copies.get(module)
    return copy !== undefined && copy !== module.transformResult
  }
}

function invalidatedAt({ lastInvalidationTimestamp, lastHMRTimestamp }: EnvironmentModuleNode): number {
  return Math.max(lastInvalidationTimestamp, lastHMRTimestamp)
}
