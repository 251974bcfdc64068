import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * What a response says of itself while it is kept back: what it would if it were sent. Whoever comes after its handler goes by that.
 * Puts itself in front of properties of Node's `ServerResponse` and `Http2ServerResponse`, as of Node 20.20, 22.22 and 24.21.
 */
export class KeptResponse {
  ended = false
  readonly #response: ServerResponse
  /** What is set later is too late. */
  readonly #head: Pick<ServerResponse, 'statusCode'> & Partial<Pick<ServerResponse, 'statusMessage'>>
  /** What is said, by name; and what was there before, for HTTP/1 has `finished` and `_header` on the response itself. */
  readonly #said = new Map<string, PropertyDescriptor | undefined>()

  constructor(request: IncomingMessage, response: ServerResponse, statusCode: number) {
    response.statusCode = statusCode
    this.#response = response
    // HTTP/2 has no message, and warns of one that is read.
    this.#head = { statusCode, ...(request.httpVersionMajor < 2 && { statusMessage: response.statusMessage }) }
    const ended = () => this.ended
    const said = { headersSent: () => true, writableEnded: ended, finished: ended, _header: () => `${statusCode}` }
    for (const [name, get] of Object.entries(said)) {
      this.#said.set(name, Object.getOwnPropertyDescriptor(response, name))
      Object.defineProperty(response, name, { configurable: true, get })
    }
  }

  /** It speaks for itself again. */
  end(): void {
    for (const [name, before] of this.#said) {
      Reflect.deleteProperty(this.#response, name)
      if (before) Object.defineProperty(this.#response, name, before)
    }
    this.#said.clear()
  }

  /** The same, with the head that it had. */
  restore(): void {
    this.end()
    Object.assign(this.#response, this.#head)
  }
}

/** As Node throws it. */
export function headersSentError(method: string): Error {
  const what = method.replace(/[A-Z].*/, '')
  const error = new Error(`Cannot ${what} headers after they are sent to the client`)
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}
