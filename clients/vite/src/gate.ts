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
  /** Tells all pages to reload. */
  reloadBrowser(): void
  /** How often Vite itself has told them so. */
  browserReloads(): number
  /** Resolves once no such reload is to be expected. */
  browserSettled(): Promise<unknown>
  /** Handles a request from the beginning. */
  handle(request: IncomingMessage, response: ServerResponse): void
}

interface Entered {
  id: number
  request: Connect.IncomingMessage
  response: ServerResponse
  /** How often pages had been told to reload by then. */
  browserReloads: number
  method: string
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
    if (this.#byRequest.has(request) || this.#bypasses(request)) return next()
    this.#enter(request, response, next).catch(next)
  }

  /** In front of what Cloudflare's plugin has of its own for triggers, which it handles long before a worker's requests. */
  readonly enterTrigger: Connect.NextHandleFunction = (request, response, next) => {
    if (this.#byRequest.has(request) || !isTrigger(request)) return next()
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

  /** A reload is being sent: what it dooms is known when the plan is. */
  judge(plan: Promise<ReloadPlan | undefined>): void {
    const judging = plan.then(async (plan) => {
      const doomed = (plan?.doomed ?? []).map((id) => this.#entered.get(id)).filter((entered) => entered !== undefined)
      for (const entered of doomed) entered.suspect = true
      await Promise.all(doomed.map((entered) => this.#judge(entered, {})))
    })
    // Responses wait for it, and must not fail with it.
    const judged = judging.catch((error: unknown) => this.#tell(error)).then(() => {
      if (this.#judging === judged) this.#judging = undefined
    })
    this.#judging = judged
  }

  #tell(error: unknown): void {
    this.#log.warn(`Something went wrong in Evenkeel: ${errorInfo(error).stack ?? errorInfo(error).message}`)
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
    // A trigger acts, whatever it is asked by.
    const method = isTrigger(request) ? 'POST' : (request.method ?? 'GET')
    const guard = new ResponseGuard(request, response, (status) => this.#onHead(entered, status))
    const browserReloads = this.#server.browserReloads()
    const entered: Entered = { id, request, response, browserReloads, method, url, guard, suspect: false, at: performance.now() }
    this.#byRequest.set(request, entered)
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort()
      this.#entered.delete(id)
      this.#sidecar.requestFinished(id)
    })
    const mode = request.headers['sec-fetch-mode']
    const started: RequestStarted = { request: id, method, url, ...(typeof mode === 'string' && { mode }) }
    const admitted = this.#options.hold ? await this.#sidecar.wait('admit', started, gone.signal) : undefined
    entered.suspect = admitted?.outcome === 'deadline'
    if (response.destroyed) return
    this.#sidecar.requestStarted(started, admitted !== undefined)
    this.#entered.set(id, entered)
    next()
  }

  #onHead(entered: Entered, status: number): Promise<void> | undefined {
    return entered.suspect || this.#judging || status >= 500 ? this.#judgeHead(entered, status) : undefined
  }

  async #judgeHead(entered: Entered, status: number): Promise<void> {
    await this.#judging
    if (entered.guard.replaced || !(entered.suspect || status >= 500)) return
    const verdict = await this.#judge(entered, { status })
    if (verdict?.action === 'pass' && verdict.kind !== 'unrelated' && status >= 500) this.#explain(entered, verdict)
  }

  async #fail(entered: Entered, error: unknown, next: Connect.NextFunction): Promise<void> {
    await this.#judging
    // The worker's answer to a request that has been re-issued interests nobody.
    if (entered.guard.replaced) return
    const verdict = await this.#judge(entered, { error: errorInfo(error) })
    if (verdict && verdict.action !== 'pass') return
    if (verdict && verdict.kind !== 'unrelated') this.#explain(entered, verdict)
    next(error)
  }

  /** Asks what is to become of a request, and does it. */
  async #judge(entered: Entered, seen: { status?: number; error?: ErrorInfo }): Promise<Verdict | undefined> {
    const { id, guard } = entered
    const verdict = await this.#sidecar.request('classifyError', { request: id, sent: guard.sent, ...seen })
    if (verdict?.action === 'retry') return this.#retry(entered, verdict)
    if (verdict?.action === 'reload') this.#reloadOnceStable(entered, verdict).catch((error: unknown) => this.#tell(error))
    return verdict
  }

  #retry(entered: Entered, verdict: Verdict): Verdict {
    const { guard, request, url } = entered
    const redirects = this.#followsRedirects(url) && !isTrigger(request)
    if (!redirects && !isEmpty(request)) {
      // Nobody has the body any more. The page gets the true answer, and then a new start.
      this.#reloadOnceStable(entered, { ...verdict, reloadBrowser: true }).catch((error: unknown) => this.#tell(error))
      return { ...verdict, action: 'pass' }
    }
    if (guard.replace()) {
      const anew = redirects ? this.#reissue(entered, verdict) : this.#rerun(entered)
      anew.catch((error: unknown) => {
        this.#tell(error)
        // Its own answer is gone, and no other will come.
        request.destroy()
      })
    }
    return verdict
  }

  async #reissue(entered: Entered, verdict: Verdict): Promise<void> {
    const judgedAt = performance.now()
    await this.#reloadOnceStable(entered, verdict)
    const timing = {
      verdict: judgedAt - entered.at,
      stable: performance.now() - judgedAt,
    }
    entered.guard.redirect(samePath(entered.url), serverTiming(timing))
  }

  /** Handles the request once more here, for a client that does not follow redirects. */
  async #rerun({ id, request, response, guard }: Entered): Promise<void> {
    await this.#sidecar.wait('awaitStable', { request: id })
    if (response.destroyed) return
    this.#byRequest.delete(request)
    if (request.originalUrl) request.url = request.originalUrl
    this.#server.handle(request, guard.anew())
  }

  async #reloadOnceStable({ id, browserReloads }: Entered, verdict: Verdict): Promise<void> {
    await this.#sidecar.wait('awaitStable', { request: id })
    if (!verdict.reloadBrowser) return
    await this.#server.browserSettled()
    if (this.#server.browserReloads() === browserReloads) this.#server.reloadBrowser()
  }

  #explain(entered: Entered, verdict: Verdict): void {
    const { dependency, importer, environment, advice, reason } = verdict
    const site = importer ? `, imported by ${[importer.file, importer.line].filter(Boolean).join(':')}` : ''
    const cause = dependency ? ` What changed: ${environment} re-optimized for ${dependency}${site}.` : ''
    const prevention = advice ? ` To prevent it, add to the Vite config: ${advice}` : ''
    this.#log.warn(`${entered.method} ${entered.url}: ${reason}.${cause}${prevention}`)
  }
}

/** Without a body a request can be handled twice from what is still at hand. */
function isEmpty({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
}

/** Where the time went, for the browser's network panel and for benchmarks. */
function serverTiming(durations: Record<string, number>): string {
  return Object.entries(durations)
    .map(([name, duration]) => `evenkeel-${name};dur=${duration.toFixed(1)}`)
    .join(', ')
}
