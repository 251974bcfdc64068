import type { IncomingMessage, ServerResponse } from 'node:http'
import { KeptResponse, headersSentError } from './kept-response.js'

/** What sends something, or ends it. */
const SENDING = ['writeHead', 'write', 'end', 'flushHeaders', 'destroy'] as const
/** What prepares a head that has not been sent. */
const PREPARING = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

type Method = (typeof SENDING)[number] | (typeof PREPARING)[number]

interface Call {
  name: Method
  args: unknown[]
}

type AnyFunction = (...args: unknown[]) => unknown

/** A method that this stands in front of. */
interface Guarded {
  /** What was there, bound to the response. */
  original: AnyFunction
  /** What was put on the response itself by another middleware, which wraps its methods as well. */
  wrapper: unknown
  /** What stands in front of it now. */
  own: AnyFunction
}

/**
 * Stands between a handler and its response. As long as nothing has been sent, the response can be kept back,
 * let go, or replaced by a redirect; what the handler still writes after a redirect is swallowed for good. Puts itself in front of
 * the methods of Node's `ServerResponse` and `Http2ServerResponse`, as of Node 20.20, 22.22 and 24.21.
 */
export class ResponseGuard {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #methods = new Map<Method, Guarded>()
  /** Headers that were there before the handler came: they are the server's own, CORS for one. */
  readonly #headersBefore: ReturnType<ServerResponse['getHeaders']>
  readonly #onHead: (status: number) => Promise<void> | undefined
  #kept: Call[] | undefined
  #state: 'open' | 'keeping' | 'passed' | 'replaced' = 'open'
  #said: KeptResponse | undefined
  /** Whether the response is no longer the handler's, not even its headers. */
  #answered = false
  /** A response calls its own methods, for an implicit head: those calls are not the handler's. */
  #inside = false

  /**
   * `onHead` is asked before the first byte. It may return a promise: the response is then kept back until that
   * has settled.
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    onHead: (status: number) => Promise<void> | undefined,
  ) {
    this.#request = request
    this.#response = response
    this.#onHead = onHead
    this.#headersBefore = { ...response.getHeaders() }
    for (const name of [...SENDING, ...PREPARING].filter((name) => name in response)) {
      const there = response[name] as AnyFunction
      const own: AnyFunction = (...args) => this.#call(name, args)
      const wrapper = Object.hasOwn(response, name) ? there : undefined
      this.#methods.set(name, { original: there.bind(response), wrapper, own })
      Object.assign(response, { [name]: own })
    }
  }

  /** Whether bytes of the handler's own response are on their way. */
  get sent(): boolean {
    return this.#state === 'passed'
  }

  get replaced(): boolean {
    return this.#state === 'replaced'
  }

  /** Keeps back all that the handler writes from now on, because the response will be replaced. */
  replace(): boolean {
    if (this.#state === 'passed' || this.#state === 'replaced') return false
    this.#state = 'replaced'
    const kept = this.#kept ?? []
    this.#kept = undefined
    for (const { name, args } of kept) swallow(name, args, this.#response)
    // A handler that was told to wait would otherwise wait for ever, and the worker's stream behind it.
    if (kept.some(({ name }) => name === 'write')) queueMicrotask(() => this.#response.emit('drain'))
    return true
  }

  /** Sends the client to the same URL again. */
  redirect(location: string, timing: string): void {
    const response = this.#response
    this.#said?.end()
    if (response.destroyed || response.writableEnded) return
    this.#answered = true
    this.#restoreHeaders()
    const headers = {
      location,
      'cache-control': 'no-store',
      'content-length': '0',
      'server-timing': timing,
      ...this.#allowsOrigin(),
    }
    // The handler may have set a message of its own; HTTP/2 has none.
    const message = this.#request.httpVersionMajor < 2 ? ['Temporary Redirect'] : []
    this.#original('writeHead', [307, ...message, headers])
    this.#original('end', [])
    // The rest of the body is read, so that the connection can serve the next request: even if a reader that has
    // lost its interest, a web stream for one, still tells it to wait.
    this.#request.on('pause', () => this.#request.resume())
    this.#request.resume()
  }

  /** A page of another origin may follow, for this says nothing: what the app allows it, the next answer tells. */
  #allowsOrigin(): Record<string, string> {
    const { origin } = this.#request.headers
    if (origin === undefined) return {}
    const vary = [this.#response.getHeader('vary') ?? []].flat().join(', ')
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: /\borigin\b/i.test(vary) ? vary : [vary, 'Origin'].filter(Boolean).join(', '),
    }
  }

  /**
   * The response as another handler may have it: what the first one still writes goes on being swallowed, and what is
   * written here is sent.
   */
  anew(): ServerResponse {
    const response = this.#response
    this.#said?.end()
    this.#answered = true
    this.#restoreHeaders()
    // The first handler may still set these, as it may call anything.
    const head: Record<PropertyKey, unknown> = { statusCode: 200 }
    if (this.#request.httpVersionMajor < 2) head.statusMessage = ''
    const speak =
      (name: Method) =>
      (...args: unknown[]) => {
        Object.assign(response, head)
        const result = this.#original(name, args)
        head.statusCode = response.statusCode
        return result === response ? anew : result
      }
    const own = new Map<PropertyKey, unknown>([...this.#methods.keys()].map((name) => [name, speak(name)]))
    const anew: ServerResponse = new Proxy(response, {
      get: (target, name) => {
        if (own.has(name)) return own.get(name)
        if (name in head) return head[name]
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
      set: (target, name, value) => {
        // Another guard puts its own methods in front of these.
        if (own.has(name)) own.set(name, value)
        else if (name in head) head[name] = value
        else Reflect.set(target, name, value, target)
        return true
      },
      deleteProperty: (target, name) => {
        if (own.has(name)) own.set(name, speak(name as Method))
        else Reflect.deleteProperty(target, name)
        return true
      },
    })
    return anew
  }

  #restoreHeaders(): void {
    for (const name of this.#response.getHeaderNames()) this.#original('removeHeader', [name])
    for (const [name, value] of Object.entries(this.#headersBefore)) {
      if (value !== undefined) this.#original('setHeader', [name, value])
    }
  }

  #original(name: Method, args: unknown[]): unknown {
    const outer = this.#inside
    this.#inside = true
    try {
      return this.#methods.get(name)?.original(...args)
    } finally {
      this.#inside = outer
    }
  }

  #call(name: Method, args: unknown[]): unknown {
    if (this.#inside) return this.#original(name, args)
    if (isPreparing(name)) return this.#prepare(name, args)
    if (this.#state === 'open' && name !== 'destroy') this.#begin(name, args)
    switch (this.#state) {
      case 'replaced':
        return swallow(name, args, this.#response)
      case 'keeping':
        return this.#keep(name, args)
      default:
        return this.#original(name, args)
    }
  }

  #prepare(name: Method, args: unknown[]): unknown {
    // A handler that sets headers late must not be told that they have been sent, if they were not its own.
    if (this.#answered) return this.#response
    if (this.#state === 'keeping') throw headersSentError(name)
    return this.#original(name, args)
  }

  #keep(name: Method, args: unknown[]): unknown {
    const kept = this.#kept ?? []
    if (name === 'writeHead' && kept.length > 0) throw headersSentError(name)
    kept.push({ name, args })
    if (name === 'end' && this.#said) this.#said.ended = true
    return name === 'write' ? this.#isTakenByOthers : this.#response
  }

  /** Another middleware, in front of this, takes what is written: where it keeps listeners to itself, nobody could be told to go on. */
  get #isTakenByOthers(): boolean {
    return this.#methods.get('write')?.wrapper !== undefined
  }

  #begin(name: Method, args: unknown[]): void {
    const status = name === 'writeHead' && typeof args[0] === 'number' ? args[0] : this.#response.statusCode
    const judged = this.#onHead(status)
    if (!judged) return this.#pass()
    if (this.#state !== 'open') return
    this.#said = new KeptResponse(this.#request, this.#response, status)
    this.#state = 'keeping'
    this.#kept = []
    const release = () => {
      if (this.#state === 'keeping') this.#release()
    }
    // What the handler has written wrongly, a status that is none for one, is thrown only now, at nobody.
    judged.then(release, release).catch(() => this.#request.destroy())
  }

  #release(): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    this.#said?.restore()
    this.#pass()
    const results = kept.map(({ name, args }) => this.#original(name, args))
    if (results.length > 0 && !this.#response.writableEnded && !results.includes(false)) this.#response.emit('drain')
  }

  /** Leaves the response as it was. Whoever has wrapped these methods since goes on calling them, and they pass all on. */
  #pass(): void {
    this.#state = 'passed'
    for (const [name, { own, wrapper }] of this.#methods) {
      if (this.#response[name] !== own) continue
      if (wrapper) Object.assign(this.#response, { [name]: wrapper })
      else delete (this.#response as Partial<ServerResponse>)[name]
    }
  }
}

function isPreparing(name: Method): boolean {
  return (PREPARING as readonly Method[]).includes(name)
}

function swallow(name: Method, args: unknown[], response: ServerResponse): unknown {
  const done = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  if (done) queueMicrotask(done)
  return name === 'write' ? true : response
}
