import type { IncomingMessage, ServerResponse } from 'node:http'

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders' | 'destroy'

const METHODS: Method[] = ['writeHead', 'write', 'end', 'flushHeaders', 'destroy']

interface Call {
  name: Method
  args: unknown[]
}

/**
 * Stands between a handler and its response. As long as nothing has been sent, the response can be kept back,
 * let go, or replaced by a redirect; what the handler still writes behind a redirect is swallowed for good.
 */
export class ResponseGuard {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #originals: Map<Method, (...args: unknown[]) => unknown>
  /** Headers that were there before the handler came: they are the server's own, CORS for one. */
  readonly #headersBefore: ReturnType<ServerResponse['getHeaders']>
  readonly #onHead: (status: number) => Promise<void> | undefined
  #kept: Call[] | undefined
  #state: 'open' | 'keeping' | 'passed' | 'replaced' = 'open'

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
    this.#originals = new Map(
      METHODS.map((name) => [name, (response[name] as (...args: unknown[]) => unknown).bind(response)]),
    )
    for (const name of METHODS) {
      Object.assign(response, { [name]: (...args: unknown[]) => this.#call(name, args) })
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
    if (response.destroyed || response.writableEnded) return
    this.#restoreHeaders()
    const headers = { location, 'cache-control': 'no-store', 'content-length': '0', 'server-timing': timing }
    // The handler may have set a message of its own; HTTP/2 has none.
    const message = this.#request.httpVersionMajor < 2 ? ['Temporary Redirect'] : []
    this.#original('writeHead', [307, ...message, headers])
    // A handler that sets headers late must not be told that they have been sent.
    const ignored = () => response
    Object.assign(response, { setHeader: ignored, setHeaders: ignored, appendHeader: ignored, removeHeader: ignored })
    this.#original('end', [])
    // The rest of the body is read, so that the connection can serve the next request: even if a reader that has
    // lost its interest, a web stream for one, still tells it to wait.
    this.#request.on('pause', () => this.#request.resume())
    this.#request.resume()
  }

  /**
   * The response as another handler may have it: what the first one still writes goes on being swallowed, and what is
   * written here is sent.
   */
  anew(): ServerResponse {
    const response = this.#response
    response.statusCode = 200
    this.#restoreHeaders()
    const own = new Map<PropertyKey, unknown>(this.#originals)
    return new Proxy(response, {
      get: (target, name) => {
        if (own.has(name)) return own.get(name)
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
      set: (target, name, value) => {
        // Another guard puts its own methods in front of these.
        if (own.has(name)) own.set(name, value)
        else Reflect.set(target, name, value, target)
        return true
      },
      deleteProperty: (_target, name) => {
        own.set(name, this.#originals.get(name as Method))
        return true
      },
    })
  }

  #restoreHeaders(): void {
    const response = this.#response
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    for (const [name, value] of Object.entries(this.#headersBefore)) {
      if (value !== undefined) response.setHeader(name, value)
    }
  }

  #original(name: Method, args: unknown[]): unknown {
    return this.#originals.get(name)?.(...args)
  }

  #call(name: Method, args: unknown[]): unknown {
    if (this.#state === 'open' && name !== 'destroy') this.#begin(name, args)
    switch (this.#state) {
      case 'replaced':
        return swallow(name, args, this.#response)
      case 'keeping':
        this.#kept?.push({ name, args })
        return name === 'write' ? false : this.#response
      default:
        return this.#original(name, args)
    }
  }

  #begin(name: Method, args: unknown[]): void {
    const status = name === 'writeHead' && typeof args[0] === 'number' ? args[0] : this.#response.statusCode
    const judged = this.#onHead(status)
    if (!judged) return this.#pass()
    if (this.#state !== 'open') return
    this.#state = 'keeping'
    this.#kept = []
    void judged.finally(() => this.#state === 'keeping' && this.#release())
  }

  #release(): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    this.#pass()
    const results = kept.map(({ name, args }) => this.#original(name, args))
    if (results.length > 0 && !this.#response.writableEnded && !results.includes(false)) this.#response.emit('drain')
  }

  #pass(): void {
    this.#state = 'passed'
    for (const name of METHODS) delete (this.#response as Partial<ServerResponse>)[name]
  }
}

function swallow(name: Method, args: unknown[], response: ServerResponse): unknown {
  const done = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  if (done) queueMicrotask(done)
  return name === 'write' ? true : response
}
