import type { Connect, EnvironmentModuleNode, Plugin, ViteDevServer } from 'vite'
import { bridgedTo } from './bridge.js'
import { Gate } from './gate.js'
import { EnvironmentObserver } from './observer.js'
import { type EvenkeelOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { LearnedDeps } from './learned.js'
import { acquire, type Lease } from './lease.js'
import type { ReloadPlan, ReloadRequested, ResolvedId } from './protocol.js'
import { Saves } from './saves.js'
import type { Log } from './sidecar.js'

const BARE_IMPORT = /^(?![a-zA-Z]:)[\w@](?!.*:\/\/)/

/** Keeps the server environments of a dev server consistent while Vite re-optimizes dependencies. */
export function evenkeel(options?: EvenkeelOptions): Plugin<EvenkeelApi>[] {
  const resolved = resolveOptions(options)
  let guarded: GuardedServer | undefined
  return [
    {
      name: 'evenkeel',
      apply: 'serve',
      enforce: 'pre',
      api: {
        resolveOptimizedId: async (environment, id) => guarded?.resolveOptimizedId(environment, id),
      },
      // Before the worker's plugin starts its runners, so that nothing they do is missed; and the function it
      // returns adds its middleware before the worker's handler, wherever the user lists the plugin.
      configureServer: {
        order: 'pre',
        handler(server) {
          guarded = new GuardedServer(server, resolved)
          const { gate } = guarded
          return () => {
            server.middlewares.use(gate.enter)
            guardPreMiddleware(server, gate)
            if (resolved.foresee) whenListening(server, () => guarded?.started())
          }
        },
      },
      resolveId: {
        order: 'pre',
        filter: { id: BARE_IMPORT },
        handler(source, importer) {
          if (importer && BARE_IMPORT.test(source)) guarded?.observers.get(this.environment.name)?.sawImport(source, importer)
          return undefined
        },
      },
      // Behind all plugins that have a say in what a change touches, a glob import for one.
      hotUpdate: {
        order: 'post',
        handler({ file, modules, timestamp }) {
          if (resolved.foresee) guarded?.changed(this.environment.name, file, modules, timestamp)
        },
      },
      closeBundle() {
        guarded?.close()
        guarded = undefined
      },
    },
    {
      name: 'evenkeel:recover',
      apply: 'serve',
      enforce: 'post',
      // Behind the worker's handler, so that its errors come by.
      configureServer: {
        order: 'post',
        handler(server) {
          return () => {
            if (guarded) server.middlewares.use(guarded.gate.fail)
          }
        },
      },
    },
  ]
}

/** What other plugins may ask of Evenkeel. */
export interface EvenkeelApi {
  /** The current `file?v=hash` of a bare id, or `undefined` when the environment's optimizer does not know it. */
  resolveOptimizedId(environment: string, id: string): Promise<string | undefined>
}

/** One Vite server and its share of the sidecar. */
class GuardedServer {
  readonly observers = new Map<string, EnvironmentObserver>()
  readonly gate: Gate
  readonly #lease: Lease
  readonly #saves: Saves
  /** The reloads of this turn of the event loop. */
  #turn: Array<{ observer: EnvironmentObserver; triggeredBy: string | undefined }> = []

  constructor(server: ViteDevServer, options: ResolvedOptions) {
    const { config, environments, watcher } = server
    this.#saves = new Saves((file) => watcher.emit('change', file))
    const log = logOf(server, options)
    this.#lease = acquire(`${config.root}\n${config.cacheDir}`, options, log)
    const { sidecar } = this.#lease
    this.gate = new Gate(sidecar, options, config.base, log, () => {
      environments.client.hot.send({ type: 'full-reload' })
    })
    const learned = new LearnedDeps(config.root, config.cacheDir, options.learn, log)
    for (const environment of Object.values(environments)) {
      const { name, depsOptimizer } = environment
      const chosen = options.environments?.includes(name) ?? true
      if (environment.config.consumer !== 'server' || !depsOptimizer || !chosen) continue
      const observer = new EnvironmentObserver(environment, sidecar, learned, bridgedTo(config.plugins, name), (...reload) =>
        this.#reloading(...reload),
      )
      this.observers.set(name, observer)
      sidecar.open(observer)
    }
    for (const name of options.environments ?? []) {
      if (!environments[name]) log.warn(`there is no environment ${name}; there are ${Object.keys(environments).join(', ')}.`)
    }
  }

  /** The server is ready; nothing of it is delayed by what begins now. */
  started(): void {
    for (const observer of this.observers.values()) observer.started()
  }

  changed(environment: string, file: string, modules: EnvironmentModuleNode[], timestamp: number): void {
    this.observers.get(environment)?.changed(modules, timestamp, this.#saves.written(file, timestamp))
  }

  /** What Vite reloads in one turn is one cause. */
  #reloading(observer: EnvironmentObserver, triggeredBy: string | undefined): void {
    if (this.#turn.length === 0) queueMicrotask(() => this.#askForPlans())
    this.#turn.push({ observer, triggeredBy })
  }

  #askForPlans(): void {
    const turn = this.#turn
    this.#turn = []
    for (const { observer, triggeredBy } of turn) {
      const reload: ReloadRequested = { environment: observer.name }
      if (triggeredBy !== undefined) reload.triggeredBy = triggeredBy
      reload.alongside = turn.map((other) => other.observer.name).filter((name) => name !== observer.name)
      const plan = this.#lease.sidecar.ask('onFullReload', reload)
      void plan.then((plan) => this.#carryOut(observer, plan))
      this.gate.judge(plan)
    }
  }

  #carryOut(observer: EnvironmentObserver, plan: ReloadPlan | undefined): void {
    for (const { environment, invalidate } of plan?.reload ?? []) this.observers.get(environment)?.reload(invalidate)
    observer.warm(plan?.warm ?? [])
  }

  /** Where a dependency is now, once its first optimizer run is over. */
  async resolveOptimizedId(environment: string, id: string): Promise<string | undefined> {
    const { sidecar } = this.#lease
    const ask = () => sidecar.ask('resolveOptimizedId', { environment, id })
    let resolved: ResolvedId | undefined = await ask()
    if (resolved?.state === 'pending') {
      await sidecar.wait('awaitStable', { environments: [environment] })
      resolved = await ask()
    }
    return resolved?.state === 'resolved' ? resolved.id : undefined
  }

  close(): void {
    for (const observer of this.observers.values()) this.#lease.sidecar.close(observer)
    this.#lease.release()
  }
}

/** With `run_worker_first`, Cloudflare's plugin handles requests in a middleware that it has added long before. */
function guardPreMiddleware(server: ViteDevServer, gate: Gate): void {
  for (const layer of server.middlewares.stack) {
    const { handle } = layer
    if (typeof handle !== 'function' || handle.name !== 'cloudflarePreMiddleware') continue
    const inner = handle as Connect.NextHandleFunction
    layer.handle = function cloudflarePreMiddleware(request: Connect.IncomingMessage, response, next: Connect.NextFunction) {
      gate.enter(request, response, (error?: unknown) => (error ? next(error) : inner(request, response, next)))
    } as Connect.NextHandleFunction
  }
}

/** In middleware mode there is nothing to listen: the server is ready when its plugins are. */
function whenListening(server: ViteDevServer, then: () => void): void {
  if (server.httpServer && !server.httpServer.listening) server.httpServer.once('listening', then)
  else setImmediate(then)
}

function logOf(server: ViteDevServer, options: ResolvedOptions): Log {
  const { logger } = server.config
  const print = (level: 'info' | 'warn') => (message: string) => {
    if (options.log === 'silent' || (options.log === 'warn' && level === 'info')) return
    logger[level](`[evenkeel] ${message}`, { timestamp: true })
  }
  return { info: print('info'), warn: print('warn') }
}
