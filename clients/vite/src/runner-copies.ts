import type { DevEnvironment, EnvironmentModuleNode } from 'vite'

/**
 * What a module runner has of an environment's modules. Vite tells it to keep its copy for as long as there is a
 * transform result, because nobody but the runner asks for one. A crawl behind a save does: then the runner's copy
 * is old all the same, and it has to be told so.
 */
export class RunnerCopies {
  readonly #environment: DevEnvironment
  readonly #fetchModule: DevEnvironment['fetchModule']
  readonly #fetched = new WeakSet<EnvironmentModuleNode>()
  /** Transformed anew since the runner fetched them. */
  readonly #outdated = new Set<EnvironmentModuleNode>()

  constructor(environment: DevEnvironment) {
    this.#environment = environment
    this.#fetchModule = environment.fetchModule.bind(environment)
  }

  /** To be called before somebody else than the runner has a module transformed. */
  async expectTransform(url: string): Promise<void> {
    const module = await this.#environment.moduleGraph.getModuleByUrl(url)
    if (module && !module.transformResult && this.#fetched.has(module)) this.#outdated.add(module)
  }

  readonly fetch: DevEnvironment['fetchModule'] = async (id, importer, options) => {
    const { moduleGraph } = this.#environment
    let result = await this.#fetchModule(id, importer, options)
    if ('cache' in result && this.#outdated.size > 0) {
      const module = await moduleGraph.getModuleByUrl(unwrap(id))
      if (!module || !this.#outdated.has(module)) return result
      result = await this.#fetchModule(id, importer, { ...options, cached: false })
    }
    const module = 'id' in result ? moduleGraph.getModuleById(result.id) : undefined
    if (!module) return result
    this.#fetched.add(module)
    return this.#outdated.delete(module) ? { ...result, invalidate: true } : result
  }
}

/** `/@id/__x00__virtual:x` is how an import of `\0virtual:x` is written. */
function unwrap(url: string): string {
  return url.startsWith('/@id/') ? url.slice('/@id/'.length).replace('__x00__', '\0') : url
}
