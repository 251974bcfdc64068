// The response's guard against real servers: whatever a handler does, and whatever is decided meanwhile, the client gets
// exactly the handler's bytes or exactly the redirect.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, test } from 'node:test'
import { ResponseGuard } from '../../clients/vite/dist/vite-internals/response-guard.js'
import { ask } from './lib/raw.mjs'
import { until } from './lib/waiting.mjs'

/** More than a socket takes at once. */
const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(64 * 1024, `${index} `))

const called = (method) => new Promise((resolve) => method(resolve))

/** What handlers do. Each resolves when it has nothing more to say. */
const behaviours = {
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
  async 'callbacks'(response) {
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

const redirect = (guard) => guard.redirect('/again', 'stable;dur=1')

/** What the handler says that gets the request once more. */
const sayAgain = async (response) => {
  response.setHeader('x-again', '1')
  response.write('again,')
  await turn()
  response.end('and right')
}

/** What is decided about a response, and when. */
const verdicts = {
  'passes at once': { onHead: () => undefined },
  'passes after a while': { onHead: async () => void (await severalTurns()) },
  'is replaced, and re-issued at once': {
    replaced: true,
    onHead(guard) {
      assert.ok(guard.replace())
      redirect(guard)
      return Promise.resolve()
    },
  },
  'is replaced after a while, and re-issued later': {
    replaced: true,
    async onHead(guard) {
      await severalTurns()
      assert.ok(guard.replace())
      await severalTurns()
      redirect(guard)
    },
  },
  'is replaced before the handler says a word, and re-issued while it speaks': {
    replaced: true,
    onHead: () => assert.fail('nobody is asked about a response that is replaced'),
    before(guard) {
      assert.ok(guard.replace())
      void severalTurns().then(() => redirect(guard))
    },
  },
  'is replaced after a while, and had by another handler': {
    again: true,
    async onHead(guard) {
      await severalTurns()
      assert.ok(guard.replace())
      await severalTurns()
      await sayAgain(guard.anew())
    },
  },
  'is replaced before the handler says a word, and had by another one while it speaks': {
    again: true,
    before(guard) {
      assert.ok(guard.replace())
      void severalTurns().then(() => sayAgain(guard.anew()))
    },
  },
}

const severalTurns = async () => {
  for (let i = 0; i < 5; i++) await turn()
}

const servers = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

/** A server whose handler stands behind a guard, as Vite's does behind headers that Vite has set. */
async function serve(handle, { guardedBy, create = http.createServer } = {}) {
  const server = create(async (request, response) => {
    response.setHeader('vary', 'Origin')
    const guard = guardedBy && new ResponseGuard(request, response, (status) => guardedBy.onHead?.(guard, status))
    guardedBy?.before?.(guard)
    await handle(response, request, guard)
  })
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, port: server.address().port }
}

/** All that comes over the wire, but for the time of day. */
async function bytesFrom({ port }, method) {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const bytes = await buffer(socket)
  return bytes.toString('latin1').replace(/Date: .*\r\n/, '')
}

for (const [what, verdict] of Object.entries(verdicts)) {
  describe(`a response that ${what}`, () => {
    for (const [name, behaviour] of Object.entries(behaviours)) {
      for (const method of ['GET', 'HEAD']) {
        test(`${method}: ${name}`, { timeout: 30_000 }, async () => {
          let finished = false
          const handle = async (response) => {
            await behaviour(response)
            finished = true
          }
          const bare = await bytesFrom(await serve(verdict.again ? sayAgain : behaviour), method)
          const guarded = await bytesFrom(await serve(handle, { guardedBy: verdict }), method)
          // Compared before they are asserted: nobody wants to read megabytes of difference.
          const expected = verdict.replaced ? redirectBytes : bare
          if (guarded !== expected) assert.equal(guarded.slice(0, 2000), expected.slice(0, 2000))
          assert.equal(guarded.length, expected.length)
          await until('the handler comes to its end', () => finished)
        })
      }
    }
  })
}

describe('meanwhile', () => {
  test('the status is told before anything is sent, and nothing is sent until it is judged', async () => {
    const told = []
    let judge
    const judged = new Promise((resolve) => (judge = resolve))
    const onHead = (guard, status) => {
      told.push({ status, sent: guard.sent })
      return judged
    }
    let response
    const { port } = await serve(
      (given) => {
        response = given
        response.writeHead(418)
        response.write('one,')
        response.end('two')
      },
      { guardedBy: { onHead } },
    )
    const answer = ask({ port }, { path: '/' })
    await until('the handler has written', () => told.length > 0)
    assert.deepEqual(told, [{ status: 418, sent: false }])
    assert.equal(response.headersSent, false)
    assert.equal(response.socket.bytesWritten, 0)
    judge()
    const { status, text } = await answer
    assert.deepEqual([status, text], [418, 'one,two'])
    assert.equal(told.length, 1, 'asked once')
  })

  test('what was passed on can not be replaced, and what was replaced not twice', async () => {
    const seen = []
    const { port } = await serve((response, request, guard) => {
      if (request.url === '/replaced') {
        seen.push(guard.replace(), guard.replaced, guard.sent, guard.replace())
        return redirect(guard)
      }
      response.write('passed')
      seen.push(guard.replace(), guard.replaced, guard.sent)
      response.end()
    }, { guardedBy: { onHead: () => undefined } })
    await ask({ port }, { path: '/replaced' })
    await ask({ port }, { path: '/passed' })
    assert.deepEqual(seen, [true, true, false, false, false, false, true])
  })

  test('only the headers from before the handler go with the redirect', async () => {
    const { port } = await serve((response, request, guard) => {
      response.setHeader('set-cookie', ['session=lost'])
      response.setHeader('etag', '"1"')
      response.removeHeader('vary')
      guard.replace()
      response.writeHead(500, { 'content-type': 'text/html' })
      redirect(guard)
    }, { guardedBy: {} })
    assert.equal(await bytesFrom({ port }, 'GET'), redirectBytes)
  })

  for (const [what, answer, expected] of [
    ['the redirect', redirect, [307, '']],
    ['another handler has answered', (guard) => sayAgain(guard.anew()), [200, 'again,and right']],
  ]) {
    test(`a handler that is told nothing may do anything after ${what}`, async () => {
      const late = [
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
      let trouble
      const { port } = await serve(
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
      const first = await ask({ port }, { path: '/', agent })
      assert.deepEqual([first.status, first.text], expected)
      assert.deepEqual([first.headers['x-late'], first.headers.vary], [undefined, 'Origin'])
      const next = await ask({ port }, { path: '/next', agent })
      assert.deepEqual([next.status, next.text], [200, 'served'])
      assert.ok(next.socket === first.socket, 'nothing late came down the connection')
      assert.equal(trouble, undefined)
      agent.destroy()
    })
  }

  test('another handler may chain its calls', async () => {
    const { port } = await serve(
      (response, request, guard) => {
        guard.replace()
        guard.anew().setHeader('x-again', '1').writeHead(201).end('in a row')
      },
      { guardedBy: {} },
    )
    const { status, headers, text } = await ask({ port }, { path: '/' })
    assert.deepEqual([status, headers['x-again'], text], [201, '1', 'in a row'])
  })

  test('what the first handler sets is not what another one answers', async () => {
    const { port } = await serve(
      async (response, request, guard) => {
        guard.replace()
        const anew = guard.anew()
        response.statusCode = 500
        response.statusMessage = 'Gone Fishing'
        response.setHeader('content-type', 'text/html')
        anew.end('right')
      },
      { guardedBy: {} },
    )
    const bytes = await bytesFrom({ port }, 'GET')
    assert.equal(bytes, 'HTTP/1.1 200 OK\r\nvary: Origin\r\nConnection: close\r\nContent-Length: 5\r\n\r\nright')
  })

  test('another handler stands behind a guard of its own', async () => {
    const { port } = await serve(
      async (response, request, guard) => {
        guard.replace()
        const anew = guard.anew()
        const second = new ResponseGuard(request, anew, async (status) => {
          assert.equal(status, 404)
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
    const passed = await ask({ port }, { path: '/passed' })
    assert.deepEqual([passed.status, passed.text], [404, 'not here'])
    const replaced = await ask({ port }, { path: '/replaced' })
    assert.deepEqual([replaced.status, replaced.headers.location, replaced.text], [307, '/again', ''])
  })

  for (const [when, act] of [
    ['is being judged', (response) => response.write('half')],
    ['waits to be re-issued', (_, guard) => guard.replace()],
  ]) {
    test(`a handler that destroys a response which ${when} does not destroy the redirect`, async () => {
      let destroyed = false
      const onHead = async (guard) => {
        await until('the handler has given up', () => destroyed)
        guard.replace()
      }
      const { port } = await serve(async (response, request, guard) => {
        act(response, guard)
        response.destroy(new Error('the source is gone'))
        destroyed = true
        await until('it is replaced', () => guard.replaced)
        redirect(guard)
      }, { guardedBy: { onHead } })
      assert.equal(await bytesFrom({ port }, 'GET'), redirectBytes)
    })
  }

  for (const [what, decide] of [
    ['let go', () => {}],
    [
      're-issued',
      (guard) => {
        guard.replace()
        redirect(guard)
      },
    ],
  ]) {
    test(`a client that has gone before its answer is ${what} is nobody's trouble`, async () => {
      let response
      let decided = false
      const onHead = async (guard) => {
        client.destroy()
        await until('the server knows', () => response.destroyed)
        decide(guard)
        decided = true
      }
      const { port } = await serve(
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
      await until('it is decided', () => decided)
      // An error that nobody catches would be found by the test runner.
      await severalTurns()
    })
  }

  for (const [what, read] of Object.entries({
    'nobody has read': () => {},
    'was left in the middle': async (request) => {
      await once(request, 'data')
      request.pause()
    },
    'was left in the middle, as a web stream': async (request) => {
      await Readable.toWeb(request).getReader().read()
    },
  })) {
    test(`a body that ${what} does not block the connection`, { timeout: 30_000 }, async () => {
      const { port } = await serve(
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
      const post = await ask({ port }, { method: 'POST', path: '/', agent, body })
      assert.equal(post.status, 307)
      const next = await ask({ port }, { path: '/', agent })
      assert.equal(next.text, 'served')
      assert.ok(next.socket === post.socket, 'it is still the same')
      agent.destroy()
    })
  }
})

describe('HTTP/2, which Vite speaks with https', () => {
  for (const [what, verdict] of Object.entries(verdicts)) {
    test(`a response that ${what}`, { timeout: 30_000 }, async (t) => {
      const handle = async (response) => {
        response.writeHead(201, { 'x-own': '1' })
        response.write('one,')
        await turn()
        response.end('two')
      }
      const { port } = await serve(handle, { guardedBy: verdict, create: http2.createServer })
      const client = http2.connect(`http://127.0.0.1:${port}`)
      t.after(() => client.destroy())
      const stream = client.request({ ':path': '/' })
      const [headers] = await once(stream, 'response')
      const text = (await buffer(stream)).toString()
      if (verdict.again) {
        assert.deepEqual([headers[':status'], headers['x-again'], headers['x-own'], text], [200, '1', undefined, 'again,and right'])
      } else if (verdict.replaced) {
        assert.deepEqual([headers[':status'], headers.location, headers['cache-control'], text], [307, '/again', 'no-store', ''])
      } else {
        assert.deepEqual([headers[':status'], headers['x-own'], text], [201, '1', 'one,two'])
      }
    })
  }
})
