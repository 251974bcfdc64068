import type { Readable, Writable } from 'node:stream'

/** What the other side answered when it could not do what was asked. */
export class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'RpcError'
    this.code = code
  }
}

interface Message {
  id?: number | null
  method?: string
  params?: unknown
  result?: unknown
  error?: { code: number; message: string }
}

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

const HEADER_END = '\r\n\r\n'

/** JSON-RPC 2.0 in LSP's framing, as small as the hot path wants it. */
export class RpcConnection {
  readonly #output: Writable
  readonly #onNotification: (method: string, params: unknown) => void
  readonly #pending = new Map<number, Pending>()
  #received: Buffer = Buffer.alloc(0)
  #lastId = 0

  constructor(
    input: Readable,
    output: Writable,
    onNotification: (method: string, params: unknown) => void,
  ) {
    this.#output = output
    this.#onNotification = onNotification
    input.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A pipe to a process that has just died raises errors of its own; the exit is what is reported.
    output.on('error', () => {})
    input.on('error', () => {})
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params })
  }

  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#send({ jsonrpc: '2.0', id, method, params })
    })
  }

  /** Rejects everything that still waits for an answer. */
  close(reason: Error): void {
    for (const pending of this.#pending.values()) pending.reject(reason)
    this.#pending.clear()
  }

  #send(message: object): void {
    if (!this.#output.writable) return
    const body = JSON.stringify(message)
    this.#output.write(`Content-Length: ${Buffer.byteLength(body)}${HEADER_END}${body}`)
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    for (;;) {
      const headerEnd = this.#received.indexOf(HEADER_END)
      if (headerEnd < 0) return
      const header = this.#received.toString('latin1', 0, headerEnd)
      const length = Number(/content-length: *(\d+)/i.exec(header)?.[1])
      const start = headerEnd + HEADER_END.length
      if (!(this.#received.length >= start + length)) return
      const body = this.#received.toString('utf8', start, start + length)
      this.#received = this.#received.subarray(start + length)
      this.#dispatch(JSON.parse(body) as Message)
    }
  }

  #dispatch(message: Message): void {
    if (message.method !== undefined) return this.#onNotification(message.method, message.params)
    const pending = this.#pending.get(message.id ?? -1)
    if (!pending) return
    this.#pending.delete(message.id ?? -1)
    if (message.error) pending.reject(new RpcError(message.error.code, message.error.message))
    else pending.resolve(message.result)
  }
}
