// The response's guard against real servers: whatever a handler does, and whatever is decided meanwhile, the client gets
// exactly the handler's bytes or exactly the redirect.
import { once } from 'node:events'
import http2 from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ResponseGuard } from './response-guard.js'
import {
  type Response,
  behaviours,
  bytesFrom,
  redirectBytes,
  sayAgain,
  serve,
  until,
  verdicts,
} from './response-guard.test-kit.js'

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

test('a page of another origin may follow the redirect, whatever the app would have allowed it', async () => {
  const decision = {
    before: (guard: ResponseGuard) => void (guard.replace() && guard.redirect('/again', 'total;dur=1')),
  }
  const port = await serve((response) => response.end(), { guardedBy: decision })
  const url = `http://127.0.0.1:${port}/`
  const asked = await fetch(url, { headers: { origin: 'http://localhost:3000' }, redirect: 'manual' })
  expect([
    asked.status,
    ...['allow-origin', 'allow-credentials'].map((name) => asked.headers.get(`access-control-${name}`)),
  ]).toEqual([307, 'http://localhost:3000', 'true'])
  const own = await fetch(url, { redirect: 'manual' })
  expect(own.headers.get('access-control-allow-origin')).toBeNull()
})
