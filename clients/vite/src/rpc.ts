import type { Readable, Writable } from 'node:stream'

/** LSP's code for a request that was called off. */
const REQUEST_CANCELLED = -32800

/** What the other side answered when it could not do what was asked. */
export class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'RpcError'
    this.code = code
  }

  /** Whether it was this side that wanted no answer any more. */
  get isCancellation(): boolean {
    return this.code === REQUEST_CANCELLED
  }
}

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

const HEADER_END = '\r\n\r\n'
/** As the sidecar has it: a header block longer than this is not one. */
const MAX_HEADER = 8 * 1024
/** No answer comes near it: a status with all that is remembered is a hundredth. */
const MAX_BODY = 64 * 1024 * 1024

/** JSON-RPC 2.0 in LSP's framing, as small as the hot path wants it. */
export class RpcConnection {
  readonly #output: Writable
  readonly #onNotification: (method: string, params: unknown) => void
  readonly #onBroken: (how: string) => void
  readonly #pending = new Map<number, Pending>()
  #received: Buffer = Buffer.alloc(0)
  #lastId = 0
  #closed: Error | undefined

  /** `onBroken` is told how, once, when the other side says something that is no message: nothing is read after that. */
  constructor(
    input: Readable,
    output: Writable,
    onNotification: (method: string, params: unknown) => void,
    onBroken: (how: string) => void,
  ) {
    this.#output = output
    this.#onNotification = onNotification
    this.#onBroken = onBroken
    input.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A pipe to a process that has just died raises errors of its own; the exit is what is reported.
    output.on('error', () => {})
    input.on('error', () => {})
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params })
  }

  /** When the signal is aborted, the request is called off: the other side then answers with an error, unless it has answered. */
  request(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed)
    const id = ++this.#lastId
    const callOff = () => this.notify('$/cancelRequest', { id })
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#send({ jsonrpc: '2.0', id, method, params })
    })
    if (!signal) return answer
    signal.addEventListener('abort', callOff, { once: true })
    return answer.finally(() => signal.removeEventListener('abort', callOff))
  }

  /** Rejects everything that still waits for an answer, and hears nothing more. */
  close(reason: Error): void {
    this.#closed ??= reason
    this.#received = Buffer.alloc(0)
    for (const pending of this.#pending.values()) pending.reject(reason)
    this.#pending.clear()
  }

  #send(message: object): void {
    if (this.#closed || !this.#output.writable) return
    const body = toJson(message)
    this.#output.write(`Content-Length: ${Buffer.byteLength(body)}${HEADER_END}${body}`)
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return
    try {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
      while (!this.#closed && this.#takeFrame());
    } catch (error) {
      // It would end Node, which is the dev server, if it left this listener.
      const how = error instanceof Error ? error.message : 'it could not be read'
      this.close(new Error(how))
      this.#onBroken(how)
    }
  }

  /** Takes the next frame, and says whether there was a whole one. */
  #takeFrame(): boolean {
    const headerEnd = this.#received.indexOf(HEADER_END)
    const begun = this.#received.toString('latin1', 0, Math.min(40, this.#received.length))
    // A program that prints something else may never print a header's end.
    if (!/^[\w-]*(?:$|:)/.test(begun) || (headerEnd < 0 ? this.#received.length : headerEnd) > MAX_HEADER) {
      throw new Error(`sent something that is no frame: ${JSON.stringify(begun)}`)
    }
    if (headerEnd < 0) return false
    const header = this.#received.toString('latin1', 0, headerEnd)
    const length = Number(/^content-length: *(\d+)\s*$/im.exec(header)?.[1])
    if (Number.isNaN(length)) throw new Error('sent a frame without a length')
    if (length > MAX_BODY) throw new Error(`sent a frame of ${length} bytes`)
    const start = headerEnd + HEADER_END.length
    if (this.#received.length < start + length) return false
    const body = this.#received.toString('utf8', start, start + length)
    this.#received = this.#received.subarray(start + length)
    this.#dispatch(parse(body))
    return true
  }

  #dispatch(message: Record<string, unknown>): void {
    const { method, id, params, error } = message
    if (typeof method === 'string') return this.#onNotification(method, params)
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (!pending) return
    if (error !== undefined && !isError(error)) throw new Error('sent an error that is none')
    this.#pending.delete(id as number)
    if (error) pending.reject(new RpcError(error.code, error.message))
    else pending.resolve(message.result)
  }
}

function parse(body: string): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(body)
  } catch {
    throw new Error(`sent something that is no JSON: ${JSON.stringify(body.slice(0, 40))}`)
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message))
    return message as Record<string, unknown>
  throw new Error(`sent something that is no message: ${body.slice(0, 40)}`)
}

function isError(error: unknown): error is { code: number; message: string } {
  const { code, message } = (error ?? {}) as Record<string, unknown>
  return typeof code === 'number' && typeof message === 'string'
}

/** A text with half a character in it, which JavaScript knows, is no UTF-8 and would be refused. */
function toJson(message: object): string {
  const body = JSON.stringify(message)
  if (!body.includes('\\ud')) return body
  return JSON.stringify(message, (_name, value: unknown) =>
    typeof value === 'string' ? Buffer.from(value).toString() : value,
  )
}
