import type { EnvironmentModuleNode, Plugin, ViteDevServer } from 'vite'
import { AdditiveOptimizer, additiveOptimizerOf } from './additive/additive.js'
import { bridgedTo } from './bridge.js'
import { devtoolsDock } from './devtools.js'
import { Gate } from './gate.js'
import { Inspector } from './inspector.js'
import { EnvironmentObserver } from './observer.js'
import { type EvenkeelOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { LearnedDeps } from './learned.js'
import { acquire, type Lease } from './lease.js'
import type { ReloadPlan, ReloadRequested, ResolvedId } from './protocol.js'
import { Saves } from './saves.js'
import type { Log } from './sidecar.js'
import { catchErrors, guardPreMiddleware } from './vite-internals/middlewares.js'
import { aroundRestart } from './vite-internals/server.js'
import { holdUpgrades } from './vite-internals/upgrades.js'

/** Plugins that take longer with an update than this are not waited for. */
const SLOW_UPDATE_MS = 20

const BARE_IMPORT = /^(?![a-zA-Z]:)[\w@](?!.*:\/\/)/

/** Keeps the server environments of a dev server consistent while Vite re-optimizes dependencies. */
export function evenkeel(options?: EvenkeelOptions): Plugin<EvenkeelApi>[] {
  return evenkeelFor({}, options)
}

/** What a preset knows of its framework. */
export interface Framework {
  /** Whether the client that asks for a URL follows redirects. Default: it does. */
  followsRedirects?(url: string): boolean
}

/** `evenkeel()` with what a preset knows. */
export function evenkeelFor(framework: Framework, options?: EvenkeelOptions): Plugin<EvenkeelApi>[] {
  const resolved = resolveOptions(options)
  let guarded: GuardedServer | undefined
  const open = new Set<GuardedServer>()
  /** A framework may make several servers with one list of plugins: the hooks belong to that of their environment. */
  const serverOf = (environment: unknown) => [...open].find((server) => server.has(environment))
  return [
    {
      name: 'evenkeel',
      apply: 'serve',
      enforce: 'pre',
      ...devtoolsDock,
      api: {
        resolveOptimizedId: async (environment, id) => guarded?.resolveOptimizedId(environment, id),
        fetching: async (environment, module, fetch) =>
          guarded?.observers.get(environment)?.fetching(module, true, fetch) ?? fetch(),
      },
      // Vite 8 and later bundle dependencies with Rolldown, earlier ones with esbuild.
      async configEnvironment() {
        if (!resolved.additive) return undefined
        const optimizer = new AdditiveOptimizer()
        if ('rolldownVersion' in (this?.meta ?? {})) return { optimizeDeps: { rolldownOptions: { plugins: [optimizer.rolldown] } } }
        // Where this is linked from a folder without a Vite of its own, nothing is added.
        const vite = await import('vite').catch(() => undefined)
        return vite && { optimizeDeps: { esbuildOptions: { plugins: [optimizer.esbuild(vite)] } } }
      },
      // Before the worker's plugin starts its runners, so that nothing they do is missed; and the function it
      // returns adds its middleware before the worker's handler, wherever the user lists the plugin.
      configureServer: {
        order: 'pre',
        handler(server) {
          const opened = new GuardedServer(server, resolved, framework)
          guarded = opened
          open.add(opened)
          const { gate, inspector } = opened
          // Here and now: behind Vite's check of the host, and before anything that a worker could answer.
          server.middlewares.use(inspector.handle)
          server.middlewares.use(gate.enterTrigger)
          holdUpgrades(server, () => gate.hold())
          return () => {
            server.middlewares.use(gate.enter)
            guardPreMiddleware(server, gate.enter)
            whenListening(server, () => opened.started(server))
          }
        },
      },
      resolveId: {
        order: 'pre',
        filter: { id: BARE_IMPORT },
        handler(source, importer) {
          if (importer && BARE_IMPORT.test(source)) serverOf(this.environment)?.observers.get(this.environment.name)?.sawImport(source, importer)
          return undefined
        },
      },
      // Before a framework takes the update upon itself and leaves no modules to Vite.
      hotUpdate: {
        order: 'pre',
        handler({ file, modules, timestamp }) {
          if (resolved.foresee) serverOf(this.environment)?.touched(this.environment.name, file, modules, timestamp)
        },
      },
      // When Vite restarts with the same plugins, the next server is there before the last one is closed.
      closeBundle() {
        const closing = serverOf(this.environment)
        if (!closing) return
        open.delete(closing)
        closing.close()
        if (guarded === closing) guarded = undefined
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
            const opened = serverOf(server.environments.client)
            if (opened) catchErrors(server, opened.gate.fail)
          }
        },
      },
      // Behind all plugins that have a say in what a change touches, a glob import for one.
      hotUpdate: {
        order: 'post',
        handler({ file, modules, timestamp }) {
          if (resolved.foresee) serverOf(this.environment)?.changed(this.environment.name, file, modules, timestamp)
        },
      },
    },
  ]
}

/** What other plugins may ask of Evenkeel. */
export interface EvenkeelApi {
  /** The current `file?v=hash` of a bare id, or `undefined` when the environment's optimizer does not know it. */
  resolveOptimizedId(environment: string, id: string): Promise<string | undefined>
  /** Fetches a module of an environment past its `fetchModule`, as one that nobody has imported there. */
  fetching<T>(environment: string, module: string, fetch: () => Promise<T>): Promise<T>
}

/** One Vite server and its share of the sidecar. */
class GuardedServer {
  readonly observers = new Map<string, EnvironmentObserver>()
  readonly gate: Gate
  readonly inspector: Inspector
  readonly #environments: ViteDevServer['environments']
  readonly #lease: Lease
  readonly #saves: Saves
  readonly #log: Log
  readonly #foresees: boolean
  #isClosed = false
  /** The reloads of this turn of the event loop. */
  #turn: Array<{ observer: EnvironmentObserver; triggeredBy: string | undefined }> = []

  /** What a change touches before other plugins have had their say, by environment. */
  readonly #touched = new Map<string, { timestamp: number; modules: EnvironmentModuleNode[] }>()

  constructor(server: ViteDevServer, options: ResolvedOptions, framework: Framework) {
    const { config, environments, watcher } = server
    this.#environments = environments
    this.#saves = new Saves((file) => watcher.emit('change', file))
    const log = logOf(server, options)
    this.#log = log
    this.#foresees = options.foresee
    this.#lease = acquire(`${config.root}\n${config.cacheDir}`, options, log)
    const { sidecar } = this.#lease
    const followsRedirects = framework.followsRedirects ?? (() => true)
    this.gate = new Gate(sidecar, options, followsRedirects, log, {
      base: config.base,
      reloadBrowser: () => environments.client.hot.send({ type: 'full-reload' }),
      browserReloads: () => this.observers.get('client')?.reloads ?? 0,
      browserSettled: async () => this.observers.get('client')?.settled(),
      handle: (request, response) => server.middlewares(request, response),
    })
    this.inspector = new Inspector(config, sidecar)
    const learned = new LearnedDeps(config.root, config.cacheDir, options.learn, log)
    for (const environment of Object.values(environments)) {
      const { name, depsOptimizer } = environment
      const runs = additiveOptimizerOf(environment)?.attach(environment)
      // The browser's environment is no server's and is not guarded. But its updates can be foreseen, too.
      const chosen = environment.config.consumer === 'server' ? options.environments?.includes(name) : options.foresee
      if (!depsOptimizer || chosen === false) continue
      const bridges = bridgedTo(config.plugins, name)
      const observer = new EnvironmentObserver(environment, sidecar, learned, bridges, (...reload) => this.#reloading(...reload), runs)
      this.observers.set(name, observer)
      sidecar.open(observer)
    }
    aroundRestart(server, () => this.#pause(), () => this.#resume())
    for (const name of options.environments ?? []) {
      if (!environments[name]) log.warn(`there is no environment ${name}; there are ${Object.keys(environments).join(', ')}.`)
    }
  }

  /** The server is ready; nothing of it is delayed by what begins now. */
  started(server: ViteDevServer): void {
    const url = urlOf(server)
    if (url) this.#lease.sidecar.listens({ url, restart: () => void server.restart().catch((error: unknown) => this.#log.warn(`Vite could not be restarted: ${error}`)) })
    if (!this.#foresees) return
    for (const observer of this.observers.values()) void observer.started()
  }

  touched(environment: string, file: string, modules: EnvironmentModuleNode[], timestamp: number): void {
    const touched = { timestamp, modules }
    this.#touched.set(environment, touched)
    this.observers.get(environment)?.saved(timestamp)
    const written = this.#saves.written(file, timestamp)
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
    this.observers.get(environment)?.changed([...all], timestamp, this.#saves.written(file, timestamp))
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
      plan.then((plan) => this.#carryOut(observer, plan)).catch((error: unknown) => this.#log.warn(`a reload could not be carried on: ${error}`))
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
      // Where runs add, the environment is stable all the while.
      await this.observers.get(environment)?.optimized(id)
      await sidecar.wait('awaitStable', { environments: [environment] })
      resolved = await ask()
    }
    return resolved?.state === 'resolved' ? resolved.id : undefined
  }

  async #pause(): Promise<void> {
    await Promise.all([...this.observers.values()].map((observer) => observer.pause()))
  }

  /** A server that has been restarted is closed; else this one goes on. */
  #resume(): void {
    if (this.#isClosed) return
    for (const observer of this.observers.values()) observer.resume()
  }

  has(environment: unknown): boolean {
    return Object.values<unknown>(this.#environments).includes(environment)
  }

  close(): void {
    this.#isClosed = true
    this.inspector.close()
    for (const observer of this.observers.values()) this.#lease.sidecar.close(observer)
    this.#lease.release()
  }
}

/** In middleware mode there is nothing to listen: the server is ready when its plugins are. */
function whenListening(server: ViteDevServer, then: () => void): void {
  if (server.httpServer && !server.httpServer.listening) server.httpServer.once('listening', then)
  else setImmediate(then)
}

/** Where a browser of this machine finds the server. In middleware mode only its owner knows. */
function urlOf({ config, httpServer }: ViteDevServer): string | undefined {
  const address = httpServer?.address()
  if (typeof address !== 'object' || !address) return undefined
  const local = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address.address)
  const named = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${config.server.https ? 'https' : 'http'}://${local ? 'localhost' : named}:${address.port}${config.base}`
}

function logOf(server: ViteDevServer, options: ResolvedOptions): Log {
  const { logger } = server.config
  const print = (level: 'info' | 'warn') => (message: string) => {
    if (options.log === 'silent' || (options.log === 'warn' && level === 'info')) return
    logger[level](`[evenkeel] ${message}`, { timestamp: true })
  }
  return { info: print('info'), warn: print('warn') }
}
