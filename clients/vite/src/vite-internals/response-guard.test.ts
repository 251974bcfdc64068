// The response's guard against real servers: whatever a handler does, and whatever is decided meanwhile, the client gets
// exactly the handler's bytes or exactly the redirect.
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ResponseGuard } from './response-guard.js'

type Request = http.IncomingMessage
type Response = http.ServerResponse

const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 20_000, interval: 5 })

/** More than a socket takes at once. */
const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(64 * 1024, `${index} `))

const called = (method: (done: () => void) => unknown) => new Promise<void>((resolve) => void method(resolve))

/** What handlers do. Each resolves when it has nothing more to say. */
const behaviours: Record<string, (response: Response) => void | Promise<void>> = {
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

const redirectBytes =
  `HTTP/1.1 307 Temporary Redirect\r\nvary: Origin\r\nlocation: /again\r\ncache-control: no-store\r\n` +
  `content-length: 0\r\nserver-timing: stable;dur=1\r\nConnection: close\r\n\r\n`

const redirect = (guard: ResponseGuard) => guard.redirect('/again', 'stable;dur=1')

/** What the handler says that gets the request once more. */
const sayAgain = async (response: Response) => {
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

const verdicts: Record<string, Decision> = {
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

const severalTurns = async () => {
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
async function serve(
  handle: Handle,
  { guardedBy, isHttp2 }: { guardedBy?: Decision; isHttp2?: true } = {},
): Promise<number> {
  const listener = async (request: Request, response: Response) => {
    response.setHeader('vary', 'Origin')
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
async function ask(port: number, options: http.RequestOptions = {}, body?: Buffer) {
  const request = http.request({ host: '127.0.0.1', port, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [Request]
  return { status: response.statusCode, headers: response.headers, text: await text(response), socket: request.socket }
}

/** All that comes over the wire, but for the time of day. */
async function bytesFrom(port: number, method = 'GET'): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const bytes = await buffer(socket)
  return bytes.toString('latin1').replace(/Date: .*\r\n/, '')
}

for (const [what, verdict] of Object.entries(verdicts)) {
  describe(`a response that ${what}`, () => {
    for (const [name, behaviour] of Object.entries(behaviours)) {
      for (const method of ['GET', 'HEAD']) {
        test(`${method}: ${name}`, async () => {
          let finished = false
          const handle = async (response: Response) => {
            await behaviour(response)
            finished = true
          }
          const bare = await bytesFrom(await serve(verdict.again ? sayAgain : behaviour), method)
          const guarded = await bytesFrom(await serve(handle, { guardedBy: verdict }), method)
          // Compared before they are asserted: nobody wants to read megabytes of difference.
          const expected = verdict.replaced ? redirectBytes : bare
          if (guarded !== expected) expect(guarded.slice(0, 2000)).toBe(expected.slice(0, 2000))
          expect(guarded.length).toBe(expected.length)
          await until(() => finished)
        })
      }
    }
  })
}

describe('meanwhile', () => {
  test('the status is told before anything is sent, and nothing is sent until it is judged', async () => {
    const told: Array<{ status: number; sent: boolean }> = []
    let judge = () => {}
    const judged = new Promise<void>((resolve) => (judge = resolve))
    const onHead = (guard: ResponseGuard, status: number) => {
      told.push({ status, sent: guard.sent })
      return judged
    }
    let response: Response | undefined
    const port = await serve(
      (given) => {
        response = given
        response.writeHead(418)
        response.write('one,')
        response.end('two')
      },
      { guardedBy: { onHead } },
    )
    const answer = ask(port)
    await until(() => told.length > 0)
    expect(told).toEqual([{ status: 418, sent: false }])
    expect(response?.headersSent).toBe(false)
    expect(response?.socket?.bytesWritten).toBe(0)
    judge()
    const { status, text } = await answer
    expect([status, text]).toEqual([418, 'one,two'])
    expect(told.length, 'asked once').toBe(1)
  })

  test('what was passed on can not be replaced, and what was replaced not twice', async () => {
    const seen: boolean[] = []
    const port = await serve(
      (response, request, guard) => {
        if (request.url === '/replaced') {
          seen.push(guard.replace(), guard.replaced, guard.sent, guard.replace())
          return redirect(guard)
        }
        response.write('passed')
        seen.push(guard.replace(), guard.replaced, guard.sent)
        response.end()
      },
      { guardedBy: { onHead: () => undefined } },
    )
    await ask(port, { path: '/replaced' })
    await ask(port, { path: '/passed' })
    expect(seen).toEqual([true, true, false, false, false, false, true])
  })

  test('only the headers from before the handler go with the redirect', async () => {
    const port = await serve(
      (response, _request, guard) => {
        response.setHeader('set-cookie', ['session=lost'])
        response.setHeader('etag', '"1"')
        response.removeHeader('vary')
        guard.replace()
        response.writeHead(500, { 'content-type': 'text/html' })
        redirect(guard)
      },
      { guardedBy: {} },
    )
    expect(await bytesFrom(port)).toBe(redirectBytes)
  })

  for (const { what, answer, expected } of [
    { what: 'the redirect', answer: redirect, expected: [307, ''] },
    {
      what: 'another handler has answered',
      answer: (guard: ResponseGuard) => sayAgain(guard.anew()),
      expected: [200, 'again,and right'],
    },
  ]) {
    test(`a handler that is told nothing may do anything after ${what}`, async () => {
      const late: Array<(response: Response) => unknown> = [
        (response) => response.writeHead(500, { 'x-late': '1' }),
        (response) => response.setHeader('x-late', '1'),
        (response) => response.setHeaders(new Headers({ 'x-late': '1' })),
        (response) => response.appendHeader('x-late', '1'),
        (response) => response.removeHeader('vary'),
        (response) => response.flushHeaders(),
        (response) => response.write('late'),
        (response) => called((done) => response.write('late', done)),
        (response) => response.end('late'),
        (response) => called((done) => response.end(done)),
        (response) => response.destroy(new Error('the worker is gone')),
      ]
      let trouble: unknown
      const port = await serve(
        async (response, request, guard) => {
          if (request.url === '/next') return response.end('served')
          guard.replace()
          try {
            // While the answer is being given, right behind it, and later.
            const answered = answer(guard)
            for (const act of late) await act(response)
            await answered
            for (const act of late) await act(response)
            await severalTurns()
            for (const act of late) await act(response)
          } catch (error) {
            trouble = error
          }
        },
        { guardedBy: {} },
      )
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      const first = await ask(port, { agent })
      expect([first.status, first.text]).toEqual(expected)
      expect([first.headers['x-late'], first.headers.vary]).toEqual([undefined, 'Origin'])
      const next = await ask(port, { path: '/next', agent })
      expect([next.status, next.text]).toEqual([200, 'served'])
      expect(next.socket === first.socket, 'nothing late came down the connection').toBe(true)
      expect(trouble).toBeUndefined()
      agent.destroy()
    })
  }

  test('another handler may chain its calls', async () => {
    const port = await serve(
      (_response, _request, guard) => {
        guard.replace()
        guard.anew().setHeader('x-again', '1').writeHead(201).end('in a row')
      },
      { guardedBy: {} },
    )
    const { status, headers, text } = await ask(port)
    expect([status, headers['x-again'], text]).toEqual([201, '1', 'in a row'])
  })

  test('what the first handler sets is not what another one answers', async () => {
    const port = await serve(
      async (response, _request, guard) => {
        guard.replace()
        const anew = guard.anew()
        response.statusCode = 500
        response.statusMessage = 'Gone Fishing'
        response.setHeader('content-type', 'text/html')
        anew.end('right')
      },
      { guardedBy: {} },
    )
    const bytes = await bytesFrom(port)
    expect(bytes).toBe('HTTP/1.1 200 OK\r\nvary: Origin\r\nConnection: close\r\nContent-Length: 5\r\n\r\nright')
  })

  test('another handler stands behind a guard of its own', async () => {
    const port = await serve(
      async (_response, request, guard) => {
        guard.replace()
        const anew = guard.anew()
        const second: ResponseGuard = new ResponseGuard(request, anew, async (status) => {
          expect(status).toBe(404)
          await severalTurns()
          if (request.url === '/replaced') {
            second.replace()
            redirect(second)
          }
        })
        anew.statusCode = 404
        anew.end('not here')
      },
      { guardedBy: {} },
    )
    const passed = await ask(port, { path: '/passed' })
    expect([passed.status, passed.text]).toEqual([404, 'not here'])
    const replaced = await ask(port, { path: '/replaced' })
    expect([replaced.status, replaced.headers.location, replaced.text]).toEqual([307, '/again', ''])
  })

  for (const { when, act } of [
    { when: 'is being judged', act: (response: Response) => response.write('half') },
    { when: 'waits to be re-issued', act: (_response: Response, guard: ResponseGuard) => guard.replace() },
  ]) {
    test(`a handler that destroys a response which ${when} does not destroy the redirect`, async () => {
      let destroyed = false
      const onHead = async (guard: ResponseGuard) => {
        await until(() => destroyed)
        guard.replace()
      }
      const port = await serve(
        async (response, _request, guard) => {
          act(response, guard)
          response.destroy(new Error('the source is gone'))
          destroyed = true
          await until(() => guard.replaced)
          redirect(guard)
        },
        { guardedBy: { onHead } },
      )
      expect(await bytesFrom(port)).toBe(redirectBytes)
    })
  }

  for (const { what, decide } of [
    { what: 'let go', decide: () => {} },
    {
      what: 're-issued',
      decide: (guard: ResponseGuard) => {
        guard.replace()
        redirect(guard)
      },
    },
  ]) {
    test(`a client that has gone before its answer is ${what} is nobody's trouble`, async () => {
      let response: Response | undefined
      let decided = false
      const onHead = async (guard: ResponseGuard) => {
        client.destroy()
        await until(() => response?.destroyed)
        decide(guard)
        decided = true
      }
      const port = await serve(
        (given) => {
          response = given
          response.writeHead(200)
          response.write('one,')
          response.end('two')
        },
        { guardedBy: { onHead } },
      )
      const client = net.connect(port, '127.0.0.1')
      client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await until(() => decided)
      // An error that nobody catches would be found by the test runner.
      await severalTurns()
    })
  }

  test('what a handler has written wrongly is thrown late, at nobody, and ends the connection', async () => {
    const port = await serve(
      (response) => {
        response.writeHead(99_999)
        response.end('never sent')
      },
      { guardedBy: { onHead: severalTurns } },
    )
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNRESET' })
    // An error that nobody catches would be found by the test runner, and would end a dev server.
    await severalTurns()
  })

  for (const [what, read] of Object.entries<(request: Request) => unknown>({
    'nobody has read': () => {},
    'was left in the middle': async (request) => {
      await once(request, 'data')
      request.pause()
    },
    'was left in the middle, as a web stream': async (request) => {
      await Readable.toWeb(request).getReader().read()
    },
  })) {
    test(`a body that ${what} does not block the connection`, async () => {
      const port = await serve(
        async (response, request, guard) => {
          if (request.method === 'GET') return response.end('served')
          await read(request)
          guard.replace()
          redirect(guard)
        },
        { guardedBy: {} },
      )
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      const body = Buffer.alloc(5 * 1024 * 1024)
      const post = await ask(port, { method: 'POST', agent }, body)
      expect(post.status).toBe(307)
      const next = await ask(port, { agent })
      expect(next.text).toBe('served')
      expect(next.socket === post.socket, 'it is still the same').toBe(true)
      agent.destroy()
    })
  }
})

describe('HTTP/2, which Vite speaks with https', () => {
  for (const [what, verdict] of Object.entries(verdicts)) {
    test(`a response that ${what}`, async ({ onTestFinished }) => {
      const handle = async (response: Response) => {
        response.writeHead(201, { 'x-own': '1' })
        response.write('one,')
        await turn()
        response.end('two')
      }
      const port = await serve(handle, { guardedBy: verdict, isHttp2: true })
      const client = http2.connect(`http://127.0.0.1:${port}`)
      onTestFinished(() => client.destroy())
      const stream = client.request({ ':path': '/' })
      const [headers] = await once(stream, 'response')
      const text = (await buffer(stream)).toString()
      if (verdict.again) {
        expect([headers[':status'], headers['x-again'], headers['x-own'], text]).toEqual([
          200,
          '1',
          undefined,
          'again,and right',
        ])
      } else if (verdict.replaced) {
        expect([headers[':status'], headers.location, headers['cache-control'], text]).toEqual([
          307,
          '/again',
          'no-store',
          '',
        ])
      } else {
        expect([headers[':status'], headers['x-own'], text]).toEqual([201, '1', 'one,two'])
      }
    })
  }
})
