import type { EnvironmentModuleNode, ViteDevServer } from 'vite'
import { additiveOptimizerOf } from './additive/additive.js'
import { whyNotWritable } from './cache-folder.js'
import { retransformAfterFailedRuns } from './failed-runs.js'
import { Gate } from './gate.js'
import { Inspector } from './inspector.js'
import { LearnedDeps } from './learned.js'
import { acquire, type Lease } from './lease.js'
import { urlOf } from './listening.js'
import { type Log, logOf } from './log.js'
import { EnvironmentObserver } from './observer.js'
import type { ResolvedOptions } from './options.js'
import { borrowersOf } from './plugin-api.js'
import { ReloadPlans } from './reload-plans.js'
import { Saves } from './saves.js'
import { initBeforeTransforms, surviveBrokenSources } from './vite-internals/optimizer.js'
import { aroundRestart } from './vite-internals/server.js'

/** Plugins that take longer with an update than this are not waited for. */
const SLOW_UPDATE_MS = 20

/** What a preset knows of its framework. */
export interface Framework {
  /** Whether the client that asks for a URL follows redirects. Default: it does. */
  followsRedirects?(url: string): boolean
  /** Whether a file that the framework writes may stay bundled as it was after it has changed. Default: none may. */
  mayLagBehind?(file: string): boolean
}

/** One Vite server and its share of the sidecar. */
export class GuardedServer {
  readonly observers = new Map<string, EnvironmentObserver>()
  readonly gate: Gate
  readonly inspector: Inspector
  readonly #environments: ViteDevServer['environments']
  readonly #lease: Lease
  readonly #saves: Saves
  readonly #log: Log
  readonly #foresees: boolean
  #isClosed = false
  /** The latest save, of which each environment tells. */
  #savedAt = 0
  /** What a change touches before other plugins have had their say, by environment. */
  readonly #touched = new Map<string, { timestamp: number; modules: EnvironmentModuleNode[] }>()

  constructor(server: ViteDevServer, options: ResolvedOptions, framework: Framework) {
    const { config, environments, watcher } = server
    this.#environments = environments
    this.#saves = new Saves((file) => watcher.emit('change', file))
    const log = logOf(server, options)
    this.#log = log
    this.#foresees = options.foresee
    const project = `${config.root}\n${config.cacheDir}`
    this.#lease = acquire(project, options, log)
    const { sidecar } = this.#lease
    const followsRedirects = framework.followsRedirects ?? (() => true)
    this.gate = new Gate(sidecar, options, followsRedirects, log, {
      base: config.base,
      handle: (request, response) => server.middlewares(request, response),
    })
    sidecar.gates.add(this.gate)
    this.inspector = new Inspector(config, project, sidecar)
    this.#serve()
    const reloads = new ReloadPlans(sidecar, this.observers, log)
    const learned = new LearnedDeps(config.root, config.cacheDir, options.learn, log)
    for (const environment of Object.values(environments)) {
      const { name, depsOptimizer } = environment
      initBeforeTransforms(environment)
      surviveBrokenSources(environment)
      retransformAfterFailedRuns(environment)
      const runs = additiveOptimizerOf(environment)?.attach(environment)
      // The browser's environment is no server's and is not guarded. But its updates can be foreseen, too.
      const chosen = environment.config.consumer === 'server' ? options.environments?.includes(name) : options.foresee
      if (!depsOptimizer || chosen === false) continue
      const borrowers = borrowersOf(config.plugins, name)
      const observer = new EnvironmentObserver(environment, sidecar, learned, borrowers, reloads.request, runs)
      this.observers.set(name, observer)
      sidecar.open(observer)
    }
    aroundRestart(
      server,
      () => this.#pause(),
      () => this.#resume(),
    )
    const unwritable = whyNotWritable(config.cacheDir)
    if (unwritable) log.warn(unwritable)
    for (const name of options.environments ?? []) {
      if (!environments[name])
        log.warn(`there is no environment ${name}; there are ${Object.keys(environments).join(', ')}.`)
    }
  }

  /** The server is ready; nothing of it is delayed by what begins now. */
  started(server: ViteDevServer): void {
    const url = urlOf(server)
    if (url)
      this.#lease.sidecar.listens({
        url,
        restart: () =>
          void server
            .restart()
            .catch((error: unknown) =>
              this.#log.warn(`Vite could not be restarted: ${error}. Restart it in its terminal.`),
            ),
      })
    if (!this.#foresees) return
    for (const observer of this.observers.values()) void observer.started()
  }

  touched(environment: string, file: string, modules: EnvironmentModuleNode[], timestamp: number): void {
    const touched = { timestamp, modules }
    this.#touched.set(environment, touched)
    if (timestamp !== this.#savedAt) this.#lease.sidecar.notify('devServer/didSave', { file })
    this.#savedAt = timestamp
    const written = this.#saves.written(file, timestamp, modules.length > 0)
    const waiting = setTimeout(() => {
      // No other plugin has answered yet.
      if (this.#touched.get(environment) === touched) this.observers.get(environment)?.changing(modules, written)
    }, SLOW_UPDATE_MS)
    waiting.unref()
  }

  changed(environment: string, file: string, modules: EnvironmentModuleNode[], timestamp: number): void {
    const touched = this.#touched.get(environment)
    this.#touched.delete(environment)
    const all = new Set([...modules, ...(touched?.timestamp === timestamp ? touched.modules : [])])
    const written = this.#saves.written(file, timestamp, all.size > 0)
    this.observers.get(environment)?.changed([...all], timestamp, written)
  }

  /** Where a dependency is, once no optimizer run is to take it up any more. */
  async resolveOptimizedId(environment: string, id: string): Promise<string | undefined> {
    const resolved = await this.#lease.sidecar.wait('resolveOptimizedId', { environment, id })
    return resolved?.state === 'resolved' ? resolved.id : undefined
  }

  /** Pages are this server's. */
  #serve(): void {
    this.#lease.sidecar.serves(() => this.#reloadPages())
  }

  #reloadPages(): void {
    const observer = this.observers.get('client')
    if (observer) observer.reloadPages()
    else this.#environments.client?.hot.send({ type: 'full-reload' })
  }

  async #pause(): Promise<void> {
    await Promise.all([...this.observers.values()].map((observer) => observer.pause()))
  }

  /** A server that has been restarted is closed; else this one goes on. */
  #resume(): void {
    if (this.#isClosed) return
    this.#serve()
    for (const observer of this.observers.values()) observer.resume()
  }

  has(environment: unknown): boolean {
    return Object.values<unknown>(this.#environments).includes(environment)
  }

  close(): void {
    this.#isClosed = true
    this.inspector.close()
    this.#lease.sidecar.gates.delete(this.gate)
    for (const observer of this.observers.values()) {
      observer.close()
      this.#lease.sidecar.close(observer)
    }
    this.#lease.release()
  }
}
