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
  /** A property of the response itself in HTTP/1. */
  readonly #finished: PropertyDescriptor | undefined

  constructor(request: IncomingMessage, response: ServerResponse, statusCode: number) {
    response.statusCode = statusCode
    this.#response = response
    // HTTP/2 has no message, and warns of one that is read.
    this.#head = { statusCode, ...(request.httpVersionMajor < 2 && { statusMessage: response.statusMessage }) }
    this.#finished = Object.getOwnPropertyDescriptor(response, 'finished')
    const said = { headersSent: () => true, writableEnded: () => this.ended, finished: () => this.ended }
    for (const [name, get] of Object.entries(said)) Object.defineProperty(response, name, { configurable: true, get })
  }

  /** It speaks for itself again. */
  end(): void {
    for (const name of ['headersSent', 'writableEnded', 'finished']) Reflect.deleteProperty(this.#response, name)
    if (this.#finished) Object.defineProperty(this.#response, 'finished', this.#finished)
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
