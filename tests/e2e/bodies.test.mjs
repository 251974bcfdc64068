// Requests that are more than a GET from a patient client, each of them in the middle of a re-optimization.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import http from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { guarded } from './lib/guarded.mjs'
import { sidecarOfSoon } from './lib/processes.mjs'
import { ask, askSlowly } from './lib/raw.mjs'
import { printed, settles, until } from './lib/waiting.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const tenMegabytes = Buffer.alloc(10 * 1024 * 1024, 'even keel ')
const describeBody = (body) => `${body.length} ${createHash('sha256').update(body).digest('hex')}`
const page = (path) => [...latePages, ...otherMethodPages].find((page) => page.path === path)

const running = []
async function start(options) {
  const app = await startApp(options)
  running.push(app)
  return app
}
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop()
})

describe('bodies and methods', () => {
  test('a large body, on the bare stack: the answer is wrong', async () => {
    const bare = await start({ env: { EVENKEEL: 'off' } })
    const { status } = await visit(bare, '/body/tabs', { method: 'POST', body: tenMegabytes })
    assert.equal(status, 500)
  })

  test('each is re-issued, and arrives whole', async () => {
    const server = await start({ env: guarded() })

    const large = await visit(server, '/body/tabs', { method: 'POST', body: tenMegabytes })
    assert.equal(large.status, 200, `${large.text}\n${server.log()}`)
    assert.ok(large.text.includes(describeBody(tenMegabytes)), large.text)
    assert.equal(large.redirects, 1)

    const put = await visit(server, page('/act/switch'))
    assert.ok(isRight(page('/act/switch'), put), put.text)
    assert.equal(put.redirects, 1)

    const head = await visit(server, '/late/collapsible', { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.text, '')
    assert.match(head.headers.get('content-type'), /^text\/html/)
    assert.equal(head.redirects, 1)

    const started = await counts(server)
    const twice = Object.entries(started).filter(([, times]) => times === 2)
    assert.equal(twice.length, 3, `doomed once, re-issued once: ${JSON.stringify(started)}`)
  })

  test('a body that is still being sent when the generation changes', async () => {
    const server = await start({ env: guarded() })
    const body = Buffer.from('slowly, slowly')
    const slow = askSlowly(server, { path: '/body/checkbox', body })
    await until('the handler waits for the body', async () => (await counts(server))['POST /body/checkbox'])
    const toggle = await visit(server, page('/late/toggle'))
    assert.ok(isRight(page('/late/toggle'), toggle), toggle.text)
    assert.equal(toggle.redirects, 1)

    slow.finish()
    const doomed = await slow.answer
    assert.deepEqual([doomed.status, doomed.headers.location], [307, '/body/checkbox'])
    const again = await visit(server, '/body/checkbox', { method: 'POST', body })
    assert.equal(again.status, 200)
    assert.ok(again.text.includes(describeBody(body)), again.text)
  })

  test('a connection whose body nobody has read serves the next request', async () => {
    const server = await start({ env: guarded() })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    try {
      // Not even the client has sent all of it when the redirect comes.
      const post = askSlowly(server, { path: '/body/unread', agent, body: tenMegabytes })
      const doomed = await post.answer
      assert.equal(doomed.status, 307)
      post.finish()
      const again = await ask(server, { method: 'POST', path: '/body/unread', agent, body: tenMegabytes })
      assert.equal(again.status, 200, again.text)
      assert.ok(again.text.includes(describeBody(tenMegabytes)), again.text)
      const next = await ask(server, { path: '/', agent })
      assert.equal(next.status, 200)
      assert.ok(again.socket === doomed.socket)
      assert.ok(next.socket === doomed.socket)
    } finally {
      agent.destroy()
    }
  })

  test('a worker that asks its own origin for a late page', async () => {
    const server = await start({ env: guarded() })
    const form = page('/late/toggle')
    const self = await visit(server, `/self?path=${form.path}`)
    assert.ok(isRight(form, self), `${self.status} ${self.text}`)
    assert.ok((await counts(server))['GET /late/toggle'] > 1, 'it was re-issued')
  })

  test('twenty requests at once', async () => {
    const server = await start({ env: { ...guarded(), DEBUG: 'vite:deps' } })
    const few = ['/late/toggle', '/late/toggle', '/late/zod', '/act/tabs', '/act/tabs', '/act/uuid']
    const many = [
      ...few,
      '/late/swr', '/late/swr', '/late/collapsible', '/act/checkbox', '/act/checkbox', '/act/switch', '/act/lodash', '/late/jotai',
    ]
    const optimizing = printed(server, /new dependencies found/)
    const before = visitTogether(server, few.map(page))
    await optimizing
    const results = (await Promise.all([before, visitTogether(server, many.map(page))])).flat()

    assert.equal(results.length, 20)
    const wrong = results.filter((result) => !isRight(result.page, result))
    assert.deepEqual(wrong.map(({ page, status, text }) => [page.path, status, text.slice(0, 200)]), [])
    assert.ok(results.some(({ redirects }) => redirects > 0), 'some were doomed')
  })
})

describe('the redirect', () => {
  test('keeps base and query, and is not cached', async () => {
    const server = await start({ env: { ...guarded(), BASE: '/app/' } })
    const path = '/app/late/toggle?tab=a%2Fb&empty=&tab=c'
    const { status, headers, text } = await ask(server, { path })
    assert.equal(status, 307)
    assert.equal(headers.location, path)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(text, '')
    const again = await ask(server, { path: headers.location })
    assert.ok(isRight(page('/late/toggle'), again), again.text)

    const rest = await visitAll(server, ['/late/collapsible', '/act/tabs'].map(page))
    assert.ok(rest.every((result) => isRight(result.page, result)))
    assert.ok(rest.every(({ redirects }) => redirects === 1))
  })

  for (const [what, path] of [
    ['two slashes', '//evil.example/../../late/toggle'],
    ['a whole URL', 'http://evil.example/late/toggle'],
  ]) {
    test(`does not leave the origin: ${what}`, async () => {
      const server = await start({ env: guarded() })
      const { status, headers } = await ask(server, { path })
      assert.equal(status, 307)
      const target = new URL(headers.location, server.url)
      assert.equal(target.origin, server.url)
      const again = await ask(server, { path: headers.location })
      assert.ok(isRight(page('/late/toggle'), again), again.text)
    })
  }
})

describe('run_worker_first', () => {
  const env = { ...guarded(), RUN_WORKER_FIRST: '1' }

  test('late pages are right', async () => {
    const server = await start({ env })
    const results = await visitAll(server, ['/late/toggle', '/late/zod', '/act/tabs', '/act/switch'].map(page))
    const wrong = results.filter((result) => !isRight(result.page, result))
    assert.deepEqual(wrong, [])
    assert.ok(results.some(({ redirects }) => redirects > 0))
    const asset = await visit(server, '/hello.txt')
    assert.deepEqual([asset.status, asset.text.trim(), asset.headers.get('x-served-by')], [200, 'static hello', 'worker'])
  })
})

describe('what never enters the worker is not held', () => {
  // A stopped sidecar is the longest re-optimization: whoever asks it for admission waits, as long as it is let.
  const patience = { callDeadline: 20_000, deadline: 20_000 }
  const image = { 'sec-fetch-dest': 'image' }

  for (const [what, env, paths] of [
    ['default', {}, [['/@vite/client'], ['/hello.txt'], ['/src/index.tsx?import']]],
    ['run_worker_first', { RUN_WORKER_FIRST: '1' }, [['/@vite/client'], ['/hello.txt', image], ['/src/index.tsx?import']]],
  ]) {
    test(what, async () => {
      const server = await start({ env: { ...guarded(patience), ...env, DEBUG: 'vite:deps' } })
      const sidecar = await sidecarOfSoon(server)
      assert.equal((await visit(server, '/')).status, 200)

      const optimizing = printed(server, /new dependencies found/)
      const late = visit(server, page('/late/toggle'))
      await optimizing
      process.kill(sidecar, 'SIGSTOP')
      let held
      try {
        held = visit(server, '/')
        for (const [path, headers] of paths) {
          const { status, text } = await visit(server, path, { headers })
          assert.equal(status, 200, `${path}: ${text}`)
        }
        assert.equal(await settles(held, 0), false, 'the page is held')
      } finally {
        process.kill(sidecar, 'SIGCONT')
      }
      assert.equal((await held).status, 200)
      assert.ok(isRight(page('/late/toggle'), await late))
      assert.doesNotMatch(server.log(), /the sidecar/)
    })
  }
})

const visitTogether = (app, pages) =>
  Promise.all(pages.map(async (page) => ({ page, ...(await visit(app, page)) })))
