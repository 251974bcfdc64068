import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect } from 'vite'
import { errorInfo } from './error-info.js'
import type { Log } from './log.js'
import type { ResolvedOptions } from './options.js'
import type { ErrorInfo, ReloadPlan, RequestStarted, Verdict } from './protocol.js'
import { samePath } from './request-target.js'
import type { Sidecar } from './sidecar.js'
import { isAssetOfWorker, isTrigger } from './vite-internals/middlewares.js'
import { ResponseGuard } from './vite-internals/response-guard.js'

/** Vite's and Cloudflare's own URLs, and requests for modules, which Vite marks by a query without a value. */
const VITE_URL =
  /^\/(?:@(?:vite|id|fs|react-refresh)(?:\/|$)|__(?:vite|open-in-editor|inspect|evenkeel)|node_modules\/|cdn-cgi\/)|[?&](?:import|direct|url|raw|worker|sharedworker|html-proxy)(?:&|$)/

/** What a browser asks for beside documents and data. */
const ASSET_DESTINATION = new Set(['script', 'style', 'image', 'font', 'audio', 'video', 'track', 'worker', 'manifest'])

/** What the gate needs of the server it stands in. */
export interface GateServer {
  base: string
  /** Handles a request from the beginning. */
  handle(request: IncomingMessage, response: ServerResponse): void
}

interface Entered {
  id: number
  request: Connect.IncomingMessage
  response: ServerResponse
  url: string
  guard: ResponseGuard
  /** Whether its answer is to be judged whatever it is: modules changed under it, or it entered before they were settled. */
  suspect: boolean
  /** The error that has been judged. */
  error?: unknown
  /** When it came to the gate, by `performance.now()`. */
  at: number
}

/** The line between Connect and the worker's handler: requests wait here, and their responses are watched here. */
export class Gate {
  readonly #sidecar: Sidecar
  readonly #options: ResolvedOptions
  readonly #followsRedirects: (url: string) => boolean
  readonly #log: Log
  readonly #server: GateServer
  readonly #entered = new Map<number, Entered>()
  readonly #byRequest = new WeakMap<IncomingMessage, Entered>()
  /** While set, it is being asked which requests are doomed; responses wait for the answer. */
  #judging: Promise<void> | undefined

  constructor(
    sidecar: Sidecar,
    options: ResolvedOptions,
    followsRedirects: (url: string) => boolean,
    log: Log,
    server: GateServer,
  ) {
    this.#sidecar = sidecar
    this.#options = options
    this.#followsRedirects = followsRedirects
    this.#log = log
    this.#server = server
  }

  readonly enter: Connect.NextHandleFunction = (request, response, next) => {
    if (this.#byRequest.has(request) || isGone(response) || this.#bypasses(request)) return next()
    this.#enter(request, response, next).catch(next)
  }

  /** In front of what Cloudflare's plugin has of its own for triggers, which it handles long before a worker's requests. */
  readonly enterTrigger: Connect.NextHandleFunction = (request, response, next) => {
    if (this.#byRequest.has(request) || isGone(response) || !isTrigger(request)) return next()
    this.#enter(request, response, next).catch(next)
  }

  /** Resolves when a request that needs no answer in the way of HTTP may go on. */
  async hold(): Promise<void> {
    if (this.#options.hold) await this.#sidecar.wait('awaitStable', {})
  }

  readonly fail: Connect.ErrorHandleFunction = (error: unknown, request, _response, next) => {
    const entered = this.#byRequest.get(request)
    if (!entered || entered.error === error) return next(error)
    entered.error = error
    // Whatever goes wrong in here, it is the app's own error that is to be seen.
    this.#fail(entered, error, next).catch(() => next(error))
  }

  /** Requests of whose response a byte has been sent. */
  get sent(): number[] {
    return [...this.#entered.values()].filter(({ guard }) => guard.sent).map(({ id }) => id)
  }

  /** Reloads are being sent: what becomes of the requests that they find inside is known when the plan is. */
  judge(plan: Promise<ReloadPlan | undefined>): void {
    const judging = plan.then((plan) => {
      const verdicts = plan?.verdicts ?? []
      const stable = this.#waitTogether(verdicts)
      for (const verdict of verdicts) {
        const entered = this.#entered.get(verdict.request)
        if (!entered) continue
        entered.suspect = true
        this.#carryOut(entered, verdict, stable)
      }
    })
    // Responses wait for it, and must not fail with it.
    const judged = judging
      .catch((error: unknown) => this.#tell(error))
      .then(() => {
        if (this.#judging === judged) this.#judging = undefined
      })
    this.#judging = judged
  }

  #tell(error: unknown): void {
    const { stack, message } = errorInfo(error)
    const next = 'Save a journal with `npx evenkeel events --save bug.jsonl` and report it'
    this.#log.warn(`this is a bug in Evenkeel. ${next}: ${stack ?? message}`)
  }

  /** What is no request to the app is known here and now, and is none of the sidecar's business. */
  #bypasses(request: IncomingMessage): boolean {
    const url = request.url ?? '/'
    const { base } = this.#server
    const path = url.startsWith(base) ? `/${url.slice(base.length)}` : url
    const destination = request.headers['sec-fetch-dest']
    if (VITE_URL.test(path) || (typeof destination === 'string' && ASSET_DESTINATION.has(destination))) return true
    return isAssetOfWorker(request)
  }

  async #enter(request: Connect.IncomingMessage, response: ServerResponse, next: Connect.NextFunction): Promise<void> {
    const id = this.#sidecar.nextRequest()
    const url = request.originalUrl ?? request.url ?? '/'
    const guard = new ResponseGuard(request, response, (status) => this.#onHead(entered, status))
    const entered: Entered = { id, request, response, url, guard, suspect: false, at: performance.now() }
    this.#byRequest.set(request, entered)
    const gone = new AbortController()
    const leave = () => {
      gone.abort()
      if (this.#entered.delete(id) && !guard.replaced) this.#sidecar.requestFinished(id)
    }
    response.once('close', leave)
    // A response that waits for another one on its connection is not told that this is closed.
    request.once('close', () => {
      if (request.socket.destroyed) leave()
    })
    // A plan that comes with the answer may have a verdict on it.
    this.#entered.set(id, entered)
    const started = this.#describe(entered)
    const admitted = this.#options.hold ? await this.#sidecar.wait('admit', started, gone.signal) : undefined
    entered.suspect ||= admitted?.outcome === 'deadline'
    if (isGone(response) || guard.replaced) return
    this.#sidecar.requestStarted(started, admitted !== undefined)
    next()
  }

  #describe({ id, request, url }: Entered): RequestStarted {
    const mode = request.headers['sec-fetch-mode']
    const trigger = isTrigger(request)
    return {
      request: id,
      // A trigger acts, whatever it is asked by.
      method: trigger ? 'POST' : (request.method ?? 'GET'),
      url,
      followsRedirects: !trigger && this.#followsRedirects(url),
      hasBody: hasBody(request),
      ...(typeof mode === 'string' && { mode }),
    }
  }

  #onHead(entered: Entered, status: number): Promise<void> | undefined {
    return entered.suspect || this.#judging || status >= 500 ? this.#judgeHead(entered, status) : undefined
  }

  async #judgeHead(entered: Entered, status: number): Promise<void> {
    await this.#judged()
    if (entered.guard.replaced || !(entered.suspect || status >= 500)) return
    await this.#judge(entered, { status })
  }

  /** Resolves when no reload is being judged; another one may begin meanwhile. */
  async #judged(): Promise<void> {
    while (this.#judging) await this.#judging
  }

  async #fail(entered: Entered, error: unknown, next: Connect.NextFunction): Promise<void> {
    await this.#judged()
    // The worker's answer to a request that has been re-issued interests nobody.
    if (entered.guard.replaced) return
    await this.#judge(entered, { error: errorInfo(error) })
    if (!entered.guard.replaced) next(error)
  }

  /** Asks what is to become of a request, and does it. */
  async #judge(entered: Entered, seen: { status?: number; error?: ErrorInfo }): Promise<void> {
    const { id, guard } = entered
    const verdict = await this.#sidecar.request('classifyError', { request: id, sent: guard.sent, ...seen })
    if (verdict) this.#carryOut(entered, verdict, this.#waitTogether([verdict]))
  }

  /** Requests that one reload hit wait together, as long as all of them may. When they come again, the gate holds them on. */
  #waitTogether(verdicts: Verdict[]): () => Promise<unknown> {
    const timeouts = verdicts.flatMap(({ timeoutMs }) => timeoutMs ?? [])
    let stable: Promise<unknown> | undefined
    return () => (stable ??= this.#sidecar.wait('awaitStable', { timeoutMs: Math.min(...timeouts) }))
  }

  #carryOut(entered: Entered, { action, explanation }: Verdict, stable: () => Promise<unknown>): void {
    if (explanation) this.#log.warn(explanation)
    if (action !== 'redirect' && action !== 'rerun') return
    this.#sidecar.requestRetried(entered.id)
    if (!entered.guard.replace()) return
    const anew = action === 'redirect' ? this.#redirect(entered, stable()) : this.#rerun(entered, stable())
    anew.catch((error: unknown) => {
      this.#tell(error)
      // Its own answer is gone, and no other will come.
      entered.request.destroy()
    })
  }

  /** Sends the client to the same URL again. */
  async #redirect({ url, guard, at }: Entered, stable: Promise<unknown>): Promise<void> {
    const judgedAt = performance.now()
    await stable
    const timing = { verdict: judgedAt - at, stable: performance.now() - judgedAt }
    guard.redirect(samePath(url), serverTiming(timing))
  }

  /** Handles the request once more here, for a client that does not follow redirects. */
  async #rerun({ request, response, guard }: Entered, stable: Promise<unknown>): Promise<void> {
    await stable
    if (isGone(response)) return
    this.#byRequest.delete(request)
    if (request.originalUrl) request.url = request.originalUrl
    this.#server.handle(request, guard.anew())
  }
}

/** Whether the client has left. A response of HTTP/2 does not tell, its stream does. */
function isGone(response: ServerResponse & { stream?: { destroyed: boolean } | null }): boolean {
  return response.destroyed || response.stream?.destroyed === true
}

/** Without a body a request can be handled twice from what is still at hand. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Where the time went, for the browser's network panel and for benchmarks. */
function serverTiming(durations: Record<string, number>): string {
  return Object.entries(durations)
    .map(([name, duration]) => `evenkeel-${name};dur=${duration.toFixed(1)}`)
    .join(', ')
}
