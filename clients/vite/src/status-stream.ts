import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Gone, Past } from './inspector/messages.js'
import type { ServerStatus, StatusReport } from './protocol.js'
import type { Sidecar } from './sidecar.js'

/** The least time between two requests, and the time between them while phases move without a word of the sidecar. */
const LEAST_PAUSE_MS = 100
const UNSETTLED_PAUSE_MS = 250
/** Proxies close a connection on which nothing is said. */
const KEEP_ALIVE_MS = 15_000
/** How much a viewer may leave unread. */
const MOST_UNREAD = 1 << 20

/** What a viewer is told once: its files are shown as they lie in the project. */
export interface Project {
  root: string
}

/** Tells viewers the sidecar's status as server-sent events. Nothing is asked while nobody looks. */
export class StatusStream {
  readonly #sidecar: Sidecar
  readonly #project: Project
  readonly #history: () => Past[]
  readonly #viewers = new Set<ServerResponse>()
  #stopWatching: (() => void) | undefined
  #keepAlive: NodeJS.Timeout | undefined
  #next: NodeJS.Timeout | undefined
  #polling = false
  #polledAt = -Infinity
  /** Whether something changed since the latest request. */
  #stale = false
  #latest: string | undefined
  /** What viewers have been told of what the sidecar tells unasked. */
  #told: ServerStatus | undefined
  #closed = false

  constructor(sidecar: Sidecar, project: Project, history: () => Past[] = () => []) {
    this.#history = history
    this.#sidecar = sidecar
    this.#project = project
  }

  /** By the `token` a viewer proves that it has read this, where it may change the config. */
  serve(request: IncomingMessage, response: ServerResponse, token?: string): void {
    // An idle connection would keep a server that is closing from its end.
    response.shouldKeepAlive = false
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (request.method === 'HEAD' || this.#closed) return void response.end()
    response.once('close', () => this.#leave(response))
    response.on('error', () => this.#leave(response))
    this.#viewers.add(response)
    if (this.#viewers.size === 1) this.#begin()
    const greeting = `retry: 1000\n\n${event('project', { ...this.#project, token })}`
    this.#send(response, greeting + event('history', this.#history()) + (this.#latest ?? ''))
    this.#changed()
  }

  close(): void {
    this.#closed = true
    for (const viewer of this.#viewers) viewer.end()
    this.#viewers.clear()
    this.#stop()
  }

  #begin(): void {
    this.#stopWatching = this.#sidecar.watch(() => this.#changed())
    this.#keepAlive = setInterval(() => this.#broadcast(':\n\n'), KEEP_ALIVE_MS)
    this.#keepAlive.unref()
  }

  #leave(viewer: ServerResponse): void {
    this.#viewers.delete(viewer)
    if (this.#viewers.size === 0) this.#stop()
  }

  #stop(): void {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    clearInterval(this.#keepAlive)
    clearTimeout(this.#next)
    this.#latest = undefined
  }

  #changed(): void {
    this.#tellAtOnce(this.#sidecar.status)
    this.#stale = true
    this.#pollIn(LEAST_PAUSE_MS)
  }

  /** What is going on is not to be waited for until the next request: a re-optimization may be over by then. */
  #tellAtOnce(status: ServerStatus | undefined): void {
    if (!status || status === this.#told) return
    this.#told = status
    this.#broadcast(event('activity', status))
  }

  /** Requests the status once so much time has passed since the latest request. */
  #pollIn(milliseconds: number): void {
    if (this.#polling) return
    clearTimeout(this.#next)
    this.#next = setTimeout(() => void this.#poll(), Math.max(0, this.#polledAt + milliseconds - performance.now()))
    this.#next.unref()
  }

  async #poll(): Promise<void> {
    this.#polling = true
    this.#stale = false
    this.#polledAt = performance.now()
    const status = await this.#sidecar.request('status', {})
    this.#polling = false
    if (this.#viewers.size === 0) return
    this.#latest = status ? event('status', status) : event('gone', this.#gone())
    this.#broadcast(this.#latest)
    if (this.#stale) this.#pollIn(LEAST_PAUSE_MS)
    else if (status && !isSettled(status)) this.#pollIn(UNSETTLED_PAUSE_MS)
  }

  #gone(): Gone {
    const { trouble, isStarting } = this.#sidecar
    return { why: trouble ?? 'the sidecar gave no answer', isStarting }
  }

  #broadcast(text: string): void {
    for (const viewer of this.#viewers) this.#send(viewer, text)
  }

  #send(viewer: ServerResponse, text: string): void {
    if (viewer.writableLength > MOST_UNREAD) viewer.destroy()
    else viewer.write(text)
  }
}

/** JSON has no line breaks of its own, so that it is one line of the event. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

function isSettled({ environments, records }: StatusReport): boolean {
  const quiet = environments.every(({ phase }) => phase === 'idle' || phase === 'stable')
  return quiet && records.every(({ stableAtMs }) => stableAtMs !== undefined)
}
