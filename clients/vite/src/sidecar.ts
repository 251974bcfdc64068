import type { ChildProcess } from 'node:child_process'
import { endChild } from './child.js'
import type { Log } from './log.js'
import type { ResolvedOptions } from './options.js'
import type {
  Activity,
  Notifications,
  Requests,
  RequestStarted,
  ServerStatus,
  SidecarNotifications,
} from './protocol.js'
import { Restarts } from './restarts.js'
import { type RpcConnection, RpcError } from './rpc.js'
import { hasShape } from './shapes.js'
import { ActivityBatches } from './sidecar/activity-batches.js'
import type { DevServer, Environment, Inside } from './sidecar/dev-server.js'
import { LateHandshake, shakeHands } from './sidecar/handshake.js'
import { Heartbeat } from './sidecar/heartbeat.js'
import { startProcess } from './sidecar/process.js'
import { readFirst } from './sidecar/read-first.js'

const STARTING = 'the sidecar is being started'

/**
 * The child process and what it must be told when it starts anew. Every call answers `undefined` when the sidecar
 * cannot, so that Vite goes on as if Evenkeel were not there.
 */
export class Sidecar {
  readonly environments = new Map<string, Environment>()
  /** Of all servers that share it: while Vite restarts, and after a restart that has failed, the one reloads what the other serves. */
  readonly gates = new Set<Inside>()
  readonly #requests = new Map<number, RequestStarted>()
  readonly #options: ResolvedOptions
  readonly #log: Log
  #child: ChildProcess | undefined
  #connection: RpcConnection | undefined
  /** Resolves when the sidecar may be asked, or is known to be gone. */
  #ready: Promise<void> = Promise.resolve()
  /** Why nobody can be asked. */
  #trouble: string | undefined = STARTING
  #status: ServerStatus | undefined
  readonly #watchers = new Set<() => void>()
  #devServer: DevServer | undefined
  #reloadPages: (() => void) | undefined
  readonly #restarts = new Restarts()
  #closed = false
  #lastRequest = 0
  /** A sidecar that keeps a request waiting is asked whether it is still there. */
  readonly #heartbeat = new Heartbeat(() => void this.request('awaitStable', { timeoutMs: 0 }))
  readonly #activities = new ActivityBatches((environment, activities) =>
    this.#connection?.notify('onTransform', { environment, activities }),
  )

  readonly #handlers: { [M in keyof SidecarNotifications]?: (params: SidecarNotifications[M]) => void } = {
    'environment/warmupRequest': ({ environment, modules }) => {
      this.environments
        .get(environment)
        ?.crawl(modules)
        .catch((error: unknown) =>
          this.#log.warn(
            `modules of ${environment} could not be transformed ahead of requests, which will do so: ${String(error)}`,
          ),
        )
    },
    'browser/reloadRequest': () => this.#reloadPages?.(),
    'devServer/restartRequest': () => this.#devServer?.restart(),
    'optimizer/runRequest': ({ environment }) => this.environments.get(environment)?.optimize(),
    'optimizer/didLearn': ({ environment, dependencies }) => this.environments.get(environment)?.learn(dependencies),
    'experimental/serverStatus': (status) => {
      this.#status = status
      this.#changed()
    },
    '$/progress': () => this.#changed(),
    'window/logMessage': ({ type, message }) => (type <= 2 ? this.#log.warn(message) : this.#log.info(message)),
  }

  constructor(options: ResolvedOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#start()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Why nobody can be asked, in a sentence; `undefined` while somebody can. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Whether one that can be asked comes by itself: it is being started, for the first time or again. */
  get isStarting(): boolean {
    return this.#trouble !== undefined && !this.#restarts.givenUp
  }

  /** What the sidecar has told last, unasked; `undefined` while there is none. */
  get status(): ServerStatus | undefined {
    return this.#status
  }

  /** Calls whenever `status` may have another answer than before, until the function it returns is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** How the pages of the newest dev server are told to reload. */
  serves(reloadPages: () => void): void {
    this.#reloadPages = reloadPages
  }

  /** The dev server listens. */
  listens(devServer: DevServer): void {
    this.#devServer = devServer
    this.notify('devServer/didListen', { url: devServer.url })
  }

  open(environment: Environment): void {
    this.environments.set(environment.name, environment)
    this.notify('environment/didOpen', environment.snapshot())
  }

  close(environment: Environment): void {
    // After a restart of Vite the name belongs to the new server's environment already.
    if (this.environments.get(environment.name) !== environment) return
    this.environments.delete(environment.name)
    this.notify('environment/didClose', { name: environment.name })
  }

  nextRequest(): number {
    return ++this.#lastRequest
  }

  /** A request is inside. The sidecar that has `admitted` it knows, and a new one will have to be told. */
  requestStarted(request: RequestStarted, admitted = false): void {
    this.#requests.set(request.request, request)
    if (!admitted) this.notify('request/didStart', request)
    this.#changed()
  }

  /** The sidecar has ordered another run for a request, and with that forgotten it. */
  requestRetried(request: number): void {
    this.#requests.delete(request)
    this.#changed()
  }

  requestFinished(request: number): void {
    this.#requests.delete(request)
    this.notify('request/didFinish', { request })
    this.#changed()
  }

  /** Reports activity with the next message, or at the end of this turn of the event loop. */
  observe(environment: string, activity: Activity): void {
    if (this.#connection) this.#activities.add(environment, activity)
  }

  notify<M extends keyof Notifications>(method: M, params: Notifications[M]): void {
    this.#activities.flush()
    this.#connection?.notify(method, params)
  }

  /** Asks something that is answered at once. */
  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
  ): Promise<Requests[M]['result'] | undefined> {
    return this.#call(method, params, this.#options.callDeadline)
  }

  /**
   * Asks something that is answered within the policy's deadline, and makes sure meanwhile that somebody listens. When
   * `gone` is aborted, nobody waits any more, and the sidecar is told so.
   */
  wait<M extends 'admit' | 'awaitStable' | 'onHotUpdate' | 'resolveOptimizedId'>(
    method: M,
    params: Requests[M]['params'],
    gone?: AbortSignal,
  ): Promise<Requests[M]['result'] | undefined> {
    const deadline = this.#options.deadline + this.#options.callDeadline
    return this.#heartbeat.during(() => this.#call(method, params, deadline, gone))
  }

  /** Vite has been restarted: a sidecar that was given up gets another chance, as one that is installed by now. */
  startAnew(): void {
    if (!this.#restarts.givenUp || this.#closed) return
    this.#restarts.forgive()
    this.#trouble = STARTING
    this.#start()
  }

  /** Ends the child for good. */
  dispose(): void {
    this.#closed = true
    this.#heartbeat.stop()
    this.#connection?.close(new Error('closed'))
    this.#connection = undefined
    if (this.#child) endChild(this.#child)
  }

  async #call<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    deadline: number,
    gone?: AbortSignal,
  ): Promise<Requests[M]['result'] | undefined> {
    if (!this.#connection) await this.#handshake()
    const connection = this.#connection
    if (!connection || gone?.aborted) return undefined
    this.#activities.flush()
    const pending = { settled: false, method, deadline }
    const timer = setTimeout(() => {
      readFirst(() => this.#checkOverdue(connection, pending))
    }, deadline)
    timer.unref()
    try {
      const result = await connection.request(method, params, gone)
      if (hasShape(method, result)) return result as Requests[M]['result']
      if (connection === this.#connection)
        this.#fail(`the sidecar answered ${method} with ${JSON.stringify(result)?.slice(0, 40)}`)
      return undefined
    } catch (error) {
      if (error instanceof RpcError && !error.isCancellation) this.#log.warn(`${method}: ${error.message}`)
      return undefined
    } finally {
      pending.settled = true
      clearTimeout(timer)
    }
  }

  /** Waits for a handshake that is going on, but no longer than for any answer: some programs never say a word. */
  async #handshake(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => readFirst(resolve), this.#options.callDeadline)
      timer.unref()
    })
    await Promise.race([this.#ready, late])
    clearTimeout(timer)
  }

  #checkOverdue(connection: RpcConnection, pending: { settled: boolean; method: string; deadline: number }): void {
    if (pending.settled || connection !== this.#connection) return
    this.#fail(`the sidecar did not answer ${pending.method} within ${pending.deadline} ms`)
  }

  #start(): void {
    this.#ready = this.#spawn().catch((error: unknown) => {
      // A binary that does not start, or speaks another protocol, will not do better the next time.
      const mayDoBetter = error instanceof LateHandshake || this.#child?.signalCode
      if (!mayDoBetter) this.#restarts.giveUp()
      this.#fail(error instanceof Error ? error.message : String(error))
    })
  }

  async #spawn(): Promise<void> {
    const { child, connection, over } = await startProcess(
      (method, params) => this.#onNotification(method, params),
      (child) => (this.#child = child),
    )
    void over.then((how) => {
      connection.close(new Error(how))
      if (this.#connection === connection) this.#fail(how)
    })
    await shakeHands(connection, this.#options, over)
    if (this.#closed) return endChild(child)
    connection.notify('initialized', {})
    this.#connection = connection
    this.#trouble = undefined
    this.#restarts.lives()
    this.#resync()
    this.#changed()
  }

  /** A sidecar that has just started knows nothing. */
  #resync(): void {
    this.#activities.clear()
    for (const environment of this.environments.values()) {
      this.notify('environment/didOpen', environment.snapshot())
    }
    for (const request of this.#requests.values()) this.notify('request/didStart', request)
    if (this.#devServer) this.notify('devServer/didListen', { url: this.#devServer.url })
  }

  #fail(how: string): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.close(new Error(how))
    // A stopped process takes no other signal.
    this.#child?.kill('SIGKILL')
    this.#child = undefined
    this.#status = undefined
    if (this.#closed) return
    const backoff = this.#restarts.died()
    const next =
      backoff === undefined
        ? 'Vite goes on without Evenkeel until it is restarted.'
        : 'It is being restarted; Vite goes on without it meanwhile.'
    this.#trouble = `${how}. ${next}`
    if (this.#restarts.isFirstDeath || backoff === undefined) this.#log.warn(this.#trouble)
    this.#changed()
    if (backoff === undefined) return
    const timer = setTimeout(() => this.#closed || this.#start(), backoff)
    timer.unref()
  }

  #onNotification(method: string, params: unknown): void {
    const handle = this.#handlers[method as keyof SidecarNotifications]
    ;(handle as ((params: unknown) => void) | undefined)?.(params)
  }

  #changed(): void {
    for (const changed of this.#watchers) changed()
  }
}
