import type { DevEnvironment, TransformResult } from 'vite'
import type { Activity } from '../protocol.js'
import { RunnerCopies } from '../runner-copies.js'
import type { Sidecar } from '../sidecar.js'
import { importsOf, interceptFetches, interceptTransforms } from '../vite-internals/modules.js'

interface Imports {
  deps?: string[]
  dynamicDeps?: string[]
}

type Transform = DevEnvironment['transformRequest']

/** Reports which modules of an environment are transformed and fetched, and what they import. */
export class ModuleReports {
  readonly #environment: DevEnvironment
  readonly #sidecar: Sidecar
  /** Transforms without a report. */
  readonly #transform: (module: string) => Promise<TransformResult | null>
  /** The results of optimized files whose imports are being transformed, or have been. */
  readonly #followed = new WeakSet<TransformResult>()

  /** `onEntry` is told of what a runner begins with. */
  constructor(environment: DevEnvironment, sidecar: Sidecar, onEntry: (id: string) => void) {
    this.#environment = environment
    this.#sidecar = sidecar
    const copies = new RunnerCopies(environment)
    const transform = interceptTransforms(environment, (transform, args) =>
      this.#reportTransform(args[0], () => transform(...args)),
    )
    // Once the server is closed, Vite throws before there is a promise.
    this.#transform = async (module) => transform(module)
    interceptFetches(environment, (fetch, args) => {
      const [id, importer, options] = args
      // On its way from the runner, an importer that is not there has become `null`.
      const entry = !importer && !options?.cached
      if (entry) onEntry(id)
      return this.fetching(id, entry, () => copies.fetch(fetch, args))
    })
  }

  /** A module is on its way to a runner; as an `entry` it is what the runner begins with. */
  async fetching<T>(module: string, entry: boolean, fetch: () => Promise<T>): Promise<T> {
    const activity = { kind: 'fetch' as const, ...this.#named(module) }
    this.#observe({ ...activity, moment: 'begin', ...(entry && { entry }) })
    try {
      return await fetch()
    } finally {
      this.#observe({ ...activity, moment: 'end' })
    }
  }

  /** Transforms a module ahead of requests, and reports what it imports. Where the server does not serve, the module is only reported. */
  async crawl(module: string, isServing: boolean): Promise<void> {
    // What fails here fails again, and is reported, when a request really meets it.
    const result = isServing ? await this.#transform(module).catch(() => null) : null
    const imports = await this.#importsOf(module, result)
    this.#observe({ kind: 'warmup', moment: 'end', module, ...imports })
  }

  /**
   * Transforms modules before the runner asks for them. Not reported: what nobody waits for does not keep the
   * environment from being stable.
   */
  warm(modules: string[]): void {
    // What fails here fails again, and is reported, when somebody really asks for it.
    for (const module of modules) void this.#transform(module).catch(() => {})
  }

  /**
   * A runner asks for what an optimized file imports one after the other, and waits for each. Meanwhile it is transformed, as Vite does
   * for a page. Optimized files alone: what the app imports may bring late dependencies, and is the crawl's.
   */
  #follow(result: TransformResult | null): void {
    if (!result?.deps || this.#followed.has(result)) return
    this.#followed.add(result)
    for (const url of result.deps) {
      if (!this.#isOptimized(url)) continue
      // What fails here fails again, and is reported, when the runner asks for it.
      this.#transform(url).then(
        (imported) => this.#follow(imported),
        () => {},
      )
    }
  }

  async #reportTransform(module: string, transform: () => ReturnType<Transform>): ReturnType<Transform> {
    const activity = { kind: 'transform' as const, ...this.#named(module) }
    this.#observe({ ...activity, moment: 'begin' })
    let imports: Imports = {}
    try {
      const result = await transform()
      imports = await this.#importsOf(module, result)
      if (activity.optimized) this.#follow(result)
      return result
    } finally {
      this.#observe({ ...activity, moment: 'end', ...imports })
    }
  }

  #observe(activity: Activity): void {
    this.#sidecar.observe(this.#environment.name, activity)
  }

  #named(module: string): Pick<Activity, 'module' | 'optimized'> {
    return this.#isOptimized(module) ? { module, optimized: true } : { module }
  }

  #isOptimized(module: string): boolean {
    const { depsOptimizer } = this.#environment
    return Boolean(depsOptimizer?.isOptimizedDepUrl(module) || depsOptimizer?.isOptimizedDepFile(module))
  }

  /** Vite tells what a module imports with a transform for a runner; of one for a page, its graph of modules knows. */
  async #importsOf(module: string, result: TransformResult | null): Promise<Imports> {
    if (!result) return {}
    if (result.deps) return { deps: result.deps, dynamicDeps: result.dynamicDeps ?? [] }
    const node = await this.#environment.moduleGraph.getModuleByUrl(module).catch(() => undefined)
    return node ? { deps: importsOf(node), dynamicDeps: [] } : {}
  }
}
