import type { DevEnvironment, EnvironmentModuleNode } from 'vite'
import type { Runs } from './additive/runs.js'
import { entriesOf } from './entries.js'
import type { LearnedDeps } from './learned.js'
import { HotMessages } from './observer/hot-messages.js'
import { Invalidation } from './observer/invalidation.js'
import { ModuleReports } from './observer/module-reports.js'
import { OptimizerReports } from './observer/optimizer-reports.js'
import type { EnvironmentSnapshot, LateDependency } from './protocol.js'
import type { Environment } from './sidecar/dev-server.js'
import type { Sidecar } from './sidecar.js'
import { modulesOf } from './vite-internals/modules.js'
import { runAlone } from './vite-internals/optimizer.js'

/** Hears of an environment's `full-reload` just before it is sent. */
type ReloadListener = (environment: string, triggeredBy: string | undefined) => void

/** Reports what happens in one of Vite's environments, and reloads it when told to. It decides nothing. */
export class EnvironmentObserver implements Environment {
  readonly name: string
  readonly #environment: DevEnvironment
  readonly #sidecar: Sidecar
  readonly #learned: LearnedDeps
  /** The environments that borrow modules of this one. */
  readonly #borrowers: string[]
  readonly #optimizer: OptimizerReports | undefined
  readonly #modules: ModuleReports
  readonly #hot: HotMessages
  readonly #invalidation = new Invalidation()
  #isStarted = false
  /** Whether the crawl of the start has had nothing to begin with. */
  #awaitsEntry = false
  /** While the server is being restarted. */
  #isPaused = false

  constructor(
    environment: DevEnvironment,
    sidecar: Sidecar,
    learned: LearnedDeps,
    borrowers: string[],
    onReload: ReloadListener,
    runs: Runs | undefined,
  ) {
    this.name = environment.name
    this.#environment = environment
    this.#sidecar = sidecar
    this.#learned = learned
    this.#borrowers = borrowers
    runs?.onFallback((fallback) => sidecar.notify('optimizer/didFallBack', { environment: this.name, ...fallback }))
    const { depsOptimizer } = environment
    if (depsOptimizer) {
      this.#optimizer = new OptimizerReports(environment, depsOptimizer, sidecar, learned, runs, () => this.#begin())
    }
    this.#modules = new ModuleReports(environment, sidecar, (entry) => this.#beginAt(entry))
    this.#hot = new HotMessages(environment, {
      onReload: (triggeredBy) => onReload(this.name, triggeredBy),
      isUpdateWanted: async (age) => {
        const update = { environment: this.name, ...(age !== undefined && { ageMs: age }) }
        return (await sidecar.wait('onHotUpdate', update))?.send ?? true
      },
    })
  }

  snapshot(): EnvironmentSnapshot {
    const { name, config } = this.#environment
    const snapshot = {
      name,
      consumer: config.consumer,
      root: config.root,
      base: config.base,
      cacheDir: config.cacheDir,
      borrowers: this.#borrowers,
    }
    return this.#optimizer ? { ...snapshot, optimizer: this.#optimizer.snapshot() } : snapshot
  }

  /** A module imports a bare id; asked before Vite resolves it. */
  sawImport(id: string, importer: string): void {
    this.#optimizer?.sawImport(id, importer)
  }

  /** Reloads the environment because another one has; not to be reported again. */
  reload(): void {
    this.#environment.moduleGraph.invalidateAll()
    this.#hot.reload()
  }

  /** Tells pages to reload because the sidecar says so; not to be reported. */
  reloadPages(): void {
    this.#hot.reload()
  }

  /** The server listens: a crawl may begin, at the environment's entries and at what has been transformed so far. */
  async started(): Promise<void> {
    this.#isStarted = true
    const modules = await entriesOf(this.#environment)
    this.#awaitsEntry = modules.length === 0
    this.#reportStart(modules)
  }

  #begin(): void {
    this.#sidecar.open(this)
    // In middleware mode the server is ready before its optimizers are.
    if (this.#isStarted) void this.started()
  }

  #reportStart(modules: string[]): void {
    this.#sidecar.notify('environment/didChange', { environment: this.name, cause: 'start', modules })
  }

  /** A runner imports an entry. Where nobody has told of one, the crawl begins there. */
  #beginAt(entry: string): void {
    if (!this.#awaitsEntry) return
    this.#awaitsEntry = false
    this.#reportStart([entry])
  }

  /**
   * A file was saved, created or deleted, and Vite is going to invalidate these modules. They are not crawled before
   * the file is `written`.
   */
  changed(modules: EnvironmentModuleNode[], timestamp: number, written: Promise<void>): void {
    if (modules.length === 0) return
    this.#invalidation.expect(modules, timestamp, written)
    this.#reportSave(modules)
  }

  /** The same, while other plugins take their time with the update: what they invalidate is crawled again when it is. */
  changing(modules: EnvironmentModuleNode[], written: Promise<void>): void {
    if (modules.length === 0) return
    this.#invalidation.expectWritten(written)
    this.#reportSave(modules)
  }

  #reportSave(modules: EnvironmentModuleNode[]): void {
    const urls = modulesOf(modules).map(({ url }) => url)
    this.#sidecar.notify('environment/didChange', { environment: this.name, cause: 'save', modules: urls })
  }

  /**
   * The server is about to be restarted: its successor writes to the same cache before it is closed. So nothing begins here any
   * more that makes the optimizer run, and a run that is going on is waited for, within reason.
   */
  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#optimizer?.idle()
  }

  /** The restart has failed, and this server goes on. Its successor may have told of environments of the same names. */
  resume(): void {
    this.#isPaused = false
    this.#sidecar.open(this)
  }

  /** The server is closed. */
  close(): void {
    this.#isPaused = true
    this.#optimizer?.close()
  }

  learn(dependencies: LateDependency[]): void {
    this.#learned.add(this.name, dependencies)
  }

  /**
   * Transforms modules ahead of requests because the sidecar has ordered it, and reports what they import. While Vite restarts, saves
   * that one server tells of may lead to orders for the other.
   */
  async crawl(modules: string[]): Promise<void> {
    await this.#invalidation.done
    // What is transformed before the server listens is forgotten by plugins when their `buildStart` is called then.
    const isServing = this.#isStarted && !this.#isPaused
    for (const module of modules) void this.#modules.crawl(module, isServing)
  }

  optimize(): void {
    const { depsOptimizer } = this.#environment
    if (!depsOptimizer || this.#isPaused) return
    // What was to be optimized may have been meanwhile.
    if (Object.keys(depsOptimizer.metadata.discovered).length > 0) runAlone(depsOptimizer)
  }

  /** Transforms modules before the runner asks for them. */
  warm(modules: string[]): void {
    this.#modules.warm(modules)
  }

  /** A module is on its way to a runner; as an `entry` it is what the runner begins with. */
  fetching<T>(module: string, entry: boolean, fetch: () => Promise<T>): Promise<T> {
    return this.#modules.fetching(module, entry, fetch)
  }
}
