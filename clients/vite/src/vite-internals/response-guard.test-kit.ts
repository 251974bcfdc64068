// What the tests of the response's guard have in common: handlers, decisions about their responses, and servers with both.
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, vi } from 'vitest'
import { ResponseGuard } from './response-guard.js'

export type Request = http.IncomingMessage
export type Response = http.ServerResponse

export const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 20_000, interval: 5 })

/** More than a socket takes at once. */
const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(64 * 1024, `${index} `))

export const called = (method: (done: () => void) => unknown) => new Promise<void>((resolve) => void method(resolve))

/** What handlers do. Each resolves when it has nothing more to say. */
export const behaviours: Record<string, (response: Response) => void | Promise<void>> = {
  'writeHead, chunks, end'(response) {
    response.writeHead(201, 'Made', { 'content-type': 'text/plain', 'x-own': '1' })
    response.write('one,')
    response.write(Buffer.from('two,'))
    response.end('three')
  },
  'implicit head'(response) {
    response.setHeader('x-own', '1')
    response.write('one,')
    response.end('two')
  },
  'setHeader, end with the body'(response) {
    response.statusCode = 404
    response.setHeader('content-type', 'text/plain')
    response.end('not here')
  },
  'a status message'(response) {
    response.statusCode = 503
    response.statusMessage = 'Gone Fishing'
    response.end('later')
  },
  'chained calls'(response) {
    response.writeHead(200).end('in a row')
  },
  'no body'(response) {
    response.statusCode = 204
    response.end()
  },
  'headers as an array'(response) {
    response.writeHead(200, ['set-cookie', 'a=1', 'set-cookie', 'b=2'])
    response.end('cookies')
  },
  'an encoding'(response) {
    response.write('b29tcA==', 'base64')
    response.end('6168', 'hex')
  },
  async 'chunk by chunk, as they come'(response) {
    response.writeHead(200)
    for (const chunk of ['one,', 'two,', 'three']) {
      await turn()
      response.write(chunk)
    }
    response.end()
  },
  async 'flushHeaders, and the body later'(response) {
    response.setHeader('content-type', 'text/plain')
    response.flushHeaders()
    await turn()
    response.end('late')
  },
  async callbacks(response) {
    await called((done) => response.write('one,', done))
    await called((done) => response.end('two', done))
  },
  async 'end with nothing but a callback'(response) {
    response.write('one')
    await called((done) => response.end(done))
  },
  async 'pipe, with back-pressure'(response) {
    const source = Readable.from(chunks)
    source.pipe(response)
    await once(source, 'end')
  },
  async 'pipeline, with back-pressure'(response) {
    await pipeline(Readable.from(chunks), response)
  },
  async 'waits for drain by itself'(response) {
    for (const chunk of chunks) {
      if (!response.write(chunk)) await once(response, 'drain')
    }
    response.end()
  },
}

export const redirectBytes =
  `HTTP/1.1 307 Temporary Redirect\r\nvary: Origin\r\nlocation: /again\r\ncache-control: no-store\r\n` +
  `content-length: 0\r\nserver-timing: stable;dur=1\r\nConnection: close\r\n\r\n`

export const redirect = (guard: ResponseGuard) => guard.redirect('/again', 'stable;dur=1')

/** What the handler says that gets the request once more. */
export const sayAgain = async (response: Response) => {
  response.setHeader('x-again', '1')
  response.write('again,')
  await turn()
  response.end('and right')
}

/** What is decided about a response, and when. */
interface Decision {
  replaced?: true
  again?: true
  onHead?: (guard: ResponseGuard, status: number) => Promise<void> | undefined
  before?: (guard: ResponseGuard) => void
}

export const verdicts: Record<string, Decision> = {
  'passes at once': { onHead: () => undefined },
  'passes after a while': { onHead: async () => void (await severalTurns()) },
  'is replaced, and re-issued at once': {
    replaced: true,
    onHead(guard) {
      expect(guard.replace()).toBe(true)
      redirect(guard)
      return Promise.resolve()
    },
  },
  'is replaced after a while, and re-issued later': {
    replaced: true,
    async onHead(guard) {
      await severalTurns()
      expect(guard.replace()).toBe(true)
      await severalTurns()
      redirect(guard)
    },
  },
  'is replaced before the handler says a word, and re-issued while it speaks': {
    replaced: true,
    onHead: () => expect.fail('nobody is asked about a response that is replaced'),
    before(guard) {
      expect(guard.replace()).toBe(true)
      void severalTurns().then(() => redirect(guard))
    },
  },
  'is replaced after a while, and had by another handler': {
    again: true,
    async onHead(guard) {
      await severalTurns()
      expect(guard.replace()).toBe(true)
      await severalTurns()
      await sayAgain(guard.anew())
    },
  },
  'is replaced before the handler says a word, and had by another one while it speaks': {
    again: true,
    before(guard) {
      expect(guard.replace()).toBe(true)
      void severalTurns().then(() => sayAgain(guard.anew()))
    },
  },
}

export const severalTurns = async () => {
  for (let i = 0; i < 5; i++) await turn()
}

const servers: Array<http.Server | http2.Http2Server> = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
})

type Handle = (response: Response, request: Request, guard: ResponseGuard) => unknown

/** A server whose handler stands behind a guard, as Vite's does behind headers that Vite has set. */
export async function serve(
  handle: Handle,
  { guardedBy, isHttp2, before }: { guardedBy?: Decision; isHttp2?: true; before?: (response: Response) => void } = {},
): Promise<number> {
  const listener = async (request: Request, response: Response) => {
    response.setHeader('vary', 'Origin')
    before?.(response)
    if (!guardedBy) return handle(response, request, undefined as never)
    const guard: ResponseGuard = new ResponseGuard(request, response, (status) => guardedBy.onHead?.(guard, status))
    guardedBy.before?.(guard)
    return handle(response, request, guard)
  }
  const server = isHttp2 ? http2.createServer(listener as never) : http.createServer(listener)
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as net.AddressInfo).port
}

/** A request past `fetch`, which would follow a redirect. */
export async function ask(port: number, options: http.RequestOptions = {}, body?: Buffer) {
  const request = http.request({ host: '127.0.0.1', port, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [Request]
  return { status: response.statusCode, headers: response.headers, text: await text(response), socket: request.socket }
}

/** All that comes over the wire, but for the time of day. */
export async function bytesFrom(port: number, method = 'GET'): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const bytes = await buffer(socket)
  return bytes.toString('latin1').replace(/Date: .*\r\n/, '')
}
