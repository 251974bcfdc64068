import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type {
  DepOptimizationMetadata,
  DevEnvironment,
  EnvironmentModuleNode,
  HotPayload,
  OptimizedDepInfo,
  TransformResult,
} from 'vite'
import type { Runs } from './additive/runs.js'
import { entriesOf } from './entries.js'
import { importSite } from './import-site.js'
import type { LearnedDeps } from './learned.js'
import type { Activity, DiscoveredDep, EnvironmentSnapshot, ImportSite, LateDependency, OptimizedDep } from './protocol.js'
import { RunnerCopies } from './runner-copies.js'
import type { Environment, Sidecar } from './sidecar.js'
import { interceptSend } from './vite-internals/hot.js'
import { interceptFetches, interceptTransforms } from './vite-internals/modules.js'
import { type DepsOptimizer, onDiscovery, onMetadata, runAlone } from './vite-internals/optimizer.js'

/** A run of the optimizer that takes longer does not keep a restart waiting. */
const RUN_MS = 5_000
/**
 * Events of frameworks by which a page imports what is new in it: the one of server components, and React Router's for a route
 * that was saved.
 */
const UPDATE_EVENTS = ['rsc:update', 'react-router:hmr']
/** A page that was told to reload is gone by then. */
const RELOADING_MS = 2_000

interface Imports {
  deps?: string[]
  dynamicDeps?: string[]
}

/** Hears of a `full-reload` just before it is sent. */
type ReloadListener = (observer: EnvironmentObserver, triggeredBy: string | undefined) => void

/** Reports what happens in one of Vite's environments, and reloads it when told to. It decides nothing. */
export class EnvironmentObserver implements Environment {
  readonly name: string
  readonly #environment: DevEnvironment
  readonly #sidecar: Sidecar
  readonly #learned: LearnedDeps
  /** The environments that borrow modules of this one. */
  readonly #bridges: string[]
  readonly #onReload: ReloadListener
  /** Where the optimizer adds. */
  readonly #runs: Runs | undefined
  /** Who imported a bare id last: Vite tells of a missing import without its importer. */
  readonly #importers = new Map<string, string>()
  /** Ids that are being resolved because an earlier session has met them. */
  readonly #recalling = new Set<string>()
  /** Whether Vite has found no cache and its first optimizer run is still to come. */
  #cold = false
  #isStarted = false
  /** Whether the crawl of the start has had nothing to begin with. */
  #awaitsEntry = false
  /** While Vite is about to invalidate what a save has changed. */
  #invalidated: Promise<void> | undefined
  /** While the server is being restarted. */
  #isPaused = false
  #reloads = 0
  #reloadedAt = 0
  #savedAt = 0
  /** Sends past this observer. */
  readonly #send: (payload: HotPayload) => void
  /** Transforms without a report. */
  readonly #transform: DevEnvironment['transformRequest']
  readonly #copies: RunnerCopies

  constructor(
    environment: DevEnvironment,
    sidecar: Sidecar,
    learned: LearnedDeps,
    bridges: string[],
    onReload: ReloadListener,
    runs: Runs | undefined,
  ) {
    this.name = environment.name
    this.#environment = environment
    this.#sidecar = sidecar
    this.#learned = learned
    this.#bridges = bridges
    this.#onReload = onReload
    this.#runs = runs
    runs?.onFallback((fallback) => sidecar.notify('optimizer/didFallBack', { environment: this.name, ...fallback }))
    this.#copies = new RunnerCopies(environment)
    const optimizer = environment.depsOptimizer
    if (optimizer) {
      onMetadata(optimizer, {
        begun: (metadata) => this.#begin(metadata),
        committed: (next, previous) => this.#reportCommit(previous, next),
      })
      onDiscovery(optimizer, (id, info) => this.#reportDiscovery(optimizer, id, info))
    }
    this.#transform = interceptTransforms(environment, (transform, args) => this.#reportTransform(args[0], () => transform(...args)))
    interceptFetches(environment, (fetch, args) => {
      const [id, importer, options] = args
      // On its way from the runner, an importer that is not there has become `null`.
      const entry = !importer && !options?.cached
      if (entry) this.#beginAt(id)
      return this.fetching(id, entry, () => this.#copies.fetch(fetch, args))
    })
    this.#send = interceptSend(environment, (message, sendNow) => this.#sending(message, sendNow))
  }

  snapshot(): EnvironmentSnapshot {
    const { name, config, depsOptimizer } = this.#environment
    const bridges = this.#bridges.map((to) => ({ to }))
    const snapshot = { name, consumer: config.consumer, root: config.root, base: config.base, bridges }
    if (!depsOptimizer) return snapshot
    const { metadata } = depsOptimizer
    const optimizer = {
      cold: this.#cold,
      adds: this.#runs !== undefined,
      browserHash: metadata.browserHash,
      optimized: entries(metadata.optimized),
      discovered: Object.keys(metadata.discovered).map((id) => this.#discoveredDep(id)),
    }
    return { ...snapshot, optimizer }
  }

  get #isClient(): boolean {
    return this.#environment.config.consumer === 'client'
  }

  /** A module imports a bare id; asked before Vite resolves it. */
  sawImport(id: string, importer: string): void {
    const metadata = this.#environment.depsOptimizer?.metadata
    if (metadata && !(id in metadata.optimized)) this.#importers.set(id, importer)
  }

  /** Reloads the environment because another one has; not to be reported again. */
  reload(invalidate: boolean): void {
    if (invalidate) this.#environment.moduleGraph.invalidateAll()
    this.#send({ type: 'full-reload', path: '*' })
  }

  /** The server listens: a crawl may begin, at the environment's entries and at what has been transformed so far. */
  async started(): Promise<void> {
    this.#isStarted = true
    const modules = await entriesOf(this.#environment)
    this.#awaitsEntry = modules.length === 0
    this.#reportStart(modules)
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
    const invalidated = Promise.all([written, invalidation(modules, timestamp)]).then(() => {})
    this.#invalidated = invalidated
    void invalidated.then(() => {
      if (this.#invalidated === invalidated) this.#invalidated = undefined
    })
    this.#reportSave(modules)
  }

  /** The same, while other plugins take their time with the update: what they invalidate is crawled again when it is. */
  changing(modules: EnvironmentModuleNode[], written: Promise<void>): void {
    if (modules.length === 0) return
    this.#invalidated ??= written.then(() => {
      this.#invalidated = undefined
    })
    this.#reportSave(modules)
  }

  /** A file was saved, at this time. */
  saved(timestamp: number): void {
    this.#savedAt = timestamp
  }

  #reportSave(modules: EnvironmentModuleNode[]): void {
    const urls = modules.map(({ url }) => url)
    this.#sidecar.notify('environment/didChange', { environment: this.name, cause: 'save', modules: urls })
  }

  /**
   * The server is about to be restarted: its successor writes to the same cache before it is closed. So nothing begins here any
   * more that makes the optimizer run, and a run that is going on is waited for, within reason.
   */
  async pause(): Promise<void> {
    this.#isPaused = true
    const { depsOptimizer } = this.#environment
    const late = pause(RUN_MS, undefined, { ref: false })
    for (let isLate = false; !isLate; ) {
      const runs = Object.values(depsOptimizer?.metadata.discovered ?? {}).flatMap(({ processing }) => processing ?? [])
      if (runs.length === 0) return
      isLate = await Promise.race([Promise.all(runs).then(() => false), late.then(() => true)])
    }
  }

  /** The restart has failed, and this server goes on. Its successor may have told of environments of the same names. */
  resume(): void {
    this.#isPaused = false
    this.#sidecar.open(this)
  }

  learn(dependencies: LateDependency[]): void {
    this.#learned.add(this.name, dependencies)
  }

  /** Transforms modules ahead of requests because the sidecar has ordered it, and reports what they import. */
  async crawl(modules: string[]): Promise<void> {
    await this.#invalidated
    for (const module of modules) void this.#crawlOne(module)
  }

  async #crawlOne(module: string): Promise<void> {
    // What fails here fails again, and is reported, when a request really meets it.
    const result = this.#isPaused ? null : await this.#transform(module).catch(() => null)
    const imports = await this.#importsOf(module, result)
    this.#sidecar.observe(this.name, { kind: 'warmup', moment: 'end', module, ...imports })
  }

  optimize(): void {
    const { depsOptimizer } = this.#environment
    if (!depsOptimizer || this.#isPaused) return
    // What was to be optimized may have been meanwhile.
    if (Object.keys(depsOptimizer.metadata.discovered).length > 0) runAlone(depsOptimizer)
  }

  /** Resolves when the run that takes up a dependency is over, or has failed. */
  async optimized(id: string): Promise<void> {
    await this.#environment.depsOptimizer?.metadata.discovered[id]?.processing
  }

  /**
   * Transforms modules before the runner asks for them. Not reported: what nobody waits for does not keep the
   * environment from being stable.
   */
  warm(modules: string[]): void {
    // What fails here fails again, and is reported, when somebody really asks for it.
    for (const module of modules) void this.#transform(module).catch(() => {})
  }

  #discoveredDep(id: string): DiscoveredDep {
    const importer = this.#importer(id)
    return importer ? { id, importer } : { id }
  }

  #importer(id: string): ImportSite | undefined {
    const importer = this.#importers.get(id)
    return importer === undefined ? undefined : importSite(importer, id)
  }

  #begin(metadata: DepOptimizationMetadata): void {
    const { cacheDir } = this.#environment.config
    const folder = `deps${this.name === 'client' ? '' : `_${this.name}`}`
    this.#cold = Object.keys(metadata.optimized).length === 0 && !existsSync(join(cacheDir, folder, '_metadata.json'))
    this.#sidecar.open(this)
    // In middleware mode the server is ready before its optimizers are.
    if (this.#isStarted) void this.started()
    if (this.#cold) void this.#recall()
  }

  /**
   * Lets Vite resolve what earlier sessions met late, as if it were imported now: it joins the first optimizer run.
   * An entry in `optimizeDeps.include` would change the hash of the config, and with it throw away the cache of every
   * start behind one that has learned something.
   */
  async #recall(): Promise<void> {
    const resolving = this.#learned.of(this.name).map(async ({ id, importer }) => {
      this.#recalling.add(id)
      const resolved = await this.#environment.pluginContainer.resolveId(id, importer).catch(() => null)
      this.#recalling.delete(id)
      if (!resolved) this.#learned.forget(this.name, id)
    })
    await Promise.all(resolving)
  }

  #reportCommit(previous: DepOptimizationMetadata, next: DepOptimizationMetadata): void {
    this.#cold = false
    const before = new Map(entries(previous.optimized).map((dep) => [dep.id, dep]))
    const changed = entries(next.optimized).filter(({ id, file, browserHash }) => {
      const old = before.get(id)
      return old?.file !== file || old.browserHash !== browserHash
    })
    const bundled = this.#runs?.take()
    this.#sidecar.notify('optimizer/didCommit', {
      environment: this.name,
      outcome: 'committed',
      browserHash: next.browserHash,
      reload: previous.browserHash !== next.browserHash,
      changed,
      removed: [...before.keys()].filter((id) => !(id in next.optimized)),
      pending: Object.keys(next.discovered),
      ...(bundled && { bundled }),
    })
    for (const id of Object.keys(next.optimized)) this.#importers.delete(id)
  }

  #reportDiscovery(optimizer: DepsOptimizer, id: string, info: OptimizedDepInfo): void {
    const learned = this.#recalling.has(id)
    this.#sidecar.notify('optimizer/didDiscover', { environment: this.name, learned, ...this.#discoveredDep(id) })
    void info.processing?.then(() => {
      // A run that failed resolves the promise too, and forgets what it had discovered.
      const { browserHash, optimized, discovered } = optimizer.metadata
      if (id in optimized || id in discovered) return
      this.#sidecar.notify('optimizer/didCommit', {
        environment: this.name,
        outcome: 'failed',
        browserHash,
        reload: false,
        changed: [],
        removed: [],
        pending: [],
      })
    })
  }

  async #reportTransform(module: string, transform: () => ReturnType<DevEnvironment['transformRequest']>): ReturnType<DevEnvironment['transformRequest']> {
    const activity = { kind: 'transform' as const, ...this.#named(module) }
    this.#sidecar.observe(this.name, { ...activity, moment: 'begin' })
    let imports: Imports = {}
    try {
      const result = await transform()
      imports = await this.#importsOf(module, result)
      return result
    } finally {
      this.#sidecar.observe(this.name, { ...activity, moment: 'end', ...imports })
    }
  }

  #named(module: string): Pick<Activity, 'module' | 'optimized'> {
    const { depsOptimizer } = this.#environment
    const optimized = depsOptimizer?.isOptimizedDepUrl(module) || depsOptimizer?.isOptimizedDepFile(module)
    return optimized ? { module, optimized } : { module }
  }

  /** Vite tells what a module imports with a transform for a runner; of one for a page, its graph of modules knows. */
  async #importsOf(module: string, result: TransformResult | null): Promise<Imports> {
    if (!result) return {}
    if (result.deps) return { deps: result.deps, dynamicDeps: result.dynamicDeps ?? [] }
    const node = await this.#environment.moduleGraph.getModuleByUrl(module).catch(() => undefined)
    return node ? { deps: [...node.importedModules].map(({ url }) => url), dynamicDeps: [] } : {}
  }

  /** A module is on its way to a runner; as an `entry` it is what the runner begins with. */
  async fetching<T>(module: string, entry: boolean, fetch: () => Promise<T>): Promise<T> {
    const activity = { kind: 'fetch' as const, ...this.#named(module) }
    this.#sidecar.observe(this.name, { ...activity, moment: 'begin', ...(entry && { entry }) })
    try {
      return await fetch()
    } finally {
      this.#sidecar.observe(this.name, { ...activity, moment: 'end' })
    }
  }

  #sending(message: HotPayload | string, sendNow: () => void): void {
    if (typeof message !== 'string' && message.type === 'full-reload') {
      this.#reloads += 1
      this.#reloadedAt = Date.now()
      this.#onReload(this, message.triggeredBy)
    }
    if (!this.#isClient || !isUpdate(message)) return sendNow()
    this.#unlessReloaded(sendNow).catch((error: unknown) => this.#environment.logger.error(`a hot update could not be sent: ${error}`))
  }

  /**
   * A page that takes an update with a late dependency gets it beside the modules of before, and is then reloaded all the
   * same. So an update waits for what its crawl finds, and for the optimizer. Behind a reload nobody needs it: what was
   * saved before that is in the new page, and the old one is still there for a moment.
   */
  async #unlessReloaded(sendUpdate: () => void): Promise<void> {
    await this.settled()
    const isInReload = this.#reloadedAt >= this.#savedAt && Date.now() - this.#reloadedAt < RELOADING_MS
    if (!isInReload) sendUpdate()
  }

  /** How often Vite has reloaded the environment. */
  get reloads(): number {
    return this.#reloads
  }

  /** Resolves when no optimizer run is going that could reload the environment. One that adds does not. */
  async settled(): Promise<void> {
    await this.#sidecar.wait('awaitStable', { environments: [this.name] })
  }
}

function isUpdate(payload: HotPayload | string): boolean {
  if (typeof payload === 'string') return UPDATE_EVENTS.includes(payload)
  return payload.type === 'update' || (payload.type === 'custom' && UPDATE_EVENTS.includes(payload.event))
}

function entries(optimized: DepOptimizationMetadata['optimized']): OptimizedDep[] {
  return Object.entries(optimized).map(([id, info]) => ({ id, file: info.file, browserHash: info.browserHash ?? '' }))
}

/** Resolves once Vite has invalidated the modules of a save, which it does when all plugins have been asked. */
async function invalidation(modules: EnvironmentModuleNode[], timestamp: number): Promise<void> {
  // Another plugin may have taken the update upon itself, so that nothing is ever invalidated.
  for (let turns = 0; turns < 100 && modules.some((module) => module.lastHMRTimestamp < timestamp); turns++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
