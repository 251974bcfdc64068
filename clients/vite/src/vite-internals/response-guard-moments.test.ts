// What may happen to a guarded response in between: its client leaves, its handler speaks late, destroys it, or leaves the body unread.
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { ResponseGuard } from './response-guard.js'
import {
  type Request,
  type Response,
  ask,
  bytesFrom,
  called,
  redirect,
  redirectBytes,
  sayAgain,
  serve,
  severalTurns,
  until,
} from './response-guard.test-kit.js'

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
