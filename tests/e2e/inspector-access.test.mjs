// Who may see the page that shows what happens, who may edit the config from it, and how long its stream of events lives.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { evenkeel } from 'evenkeel'
import { createServer } from 'vite'
import { newCacheDir, startApp } from './lib/app.mjs'
import { freePort } from './lib/free-port.mjs'
import { guarded } from './lib/guarded.mjs'
import { perTest } from './lib/per-test.mjs'
import { ask } from './lib/raw.mjs'
import { settles, until } from './lib/waiting.mjs'

const mostBytes = 60 * 1024
const stopsWithin = 5_000

const { cleanUp } = perTest()

for (const [what, base] of [['at the root', ''], ['below a base', '/app']]) {
  describe(`who may look, ${what}`, () => {
    let app
    before(async () => {
      app = await startApp({ env: { ...guarded(), BASE: `${base}/` } })
    })
    after(() => app?.stop())
    const inspector = `${base}/__evenkeel/`
    const own = () => `127.0.0.1:${app.port}`
    const asks = (name, headers, options) => ask(app, { path: inspector + name, headers, ...options })
    const fetched = (site, mode, dest) => ({ 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest })

    for (const name of ['', 'events', 'page.js', 'nothing']) {
      test(`refused: /${name}`, async () => {
        const refused = {
          'a foreign host': { host: 'evil.example' },
          'a foreign origin': { origin: 'http://evil.example' },
          'another port': { origin: 'http://127.0.0.1:1' },
          'a sandboxed page': { origin: 'null' },
          'a frame of another site': fetched('cross-site', 'navigate', 'iframe'),
          'a frame of another port': fetched('same-site', 'navigate', 'iframe'),
          'a script of another site': fetched('cross-site', 'no-cors', 'script'),
          'a fetch of another site': fetched('cross-site', 'cors', 'empty'),
        }
        for (const [what, headers] of Object.entries(refused)) {
          const { status, text } = await asks(name, headers)
          assert.equal(status, 403, what)
          assert.ok(!/late dependencies|data:/i.test(text), `${what}: ${text}`)
        }
      })
    }

    test('the page and what belongs to it', async () => {
      let bytes = 0
      const scripts = ['page.js', 'actions.js', 'chart.js', 'dom.js', 'host.js', 'words.js'].map((name) => [name, 'text/javascript'])
      for (const [name, type] of [['', 'text/html'], ['page.css', 'text/css'], ...scripts]) {
        const { status, headers, text } = await asks(name, { origin: `http://${own()}` })
        assert.equal(status, 200)
        assert.equal(headers['content-type'], `${type}; charset=utf-8`)
        assert.equal(headers['x-content-type-options'], 'nosniff')
        assert.equal(headers['cache-control'], 'no-store, no-transform')
        assert.match(headers['content-security-policy'], /^default-src 'none'; .*frame-ancestors 'self'/)
        bytes += Buffer.byteLength(text)
      }
      assert.ok(bytes <= mostBytes, `${bytes} bytes`)
    })

    test('a link of another site, a frame of the same', async () => {
      assert.equal((await asks('', fetched('cross-site', 'navigate', 'document'))).status, 200)
      assert.equal((await asks('', fetched('same-origin', 'navigate', 'iframe'))).status, 200)
    })

    test('the events', async () => {
      const events = await listen(`${app.url}/__evenkeel/events`)
      const { version, environments, records } = await events.next('status')
      assert.match(version, /^\d/)
      assert.ok(environments.some(({ guarded }) => guarded))
      assert.ok(Array.isArray(records))
      events.close()
    })

    test('the config is edited for the page of this server alone', async () => {
      const events = await listen(`${app.url}/__evenkeel/events`)
      const { token } = await events.next('project')
      events.close()
      assert.match(token, /^[0-9a-f]{32}$/)
      const body = JSON.stringify([{ environment: 'ssr', dependencies: ['zod'] }])
      const post = async (headers, sent = body) => (await asks('config', headers, { method: 'POST', body: sent })).status
      const own = { origin: app.url.replace(/\/app$/, ''), 'x-evenkeel-token': token }
      assert.equal(await post({ origin: own.origin }), 403, 'without a token')
      assert.equal(await post({ ...own, 'x-evenkeel-token': token.replace(/./g, '0') }), 403, 'with another one')
      assert.equal(await post({ 'x-evenkeel-token': token }), 403, 'without an origin')
      assert.equal(await post({ ...own, origin: 'http://evil.example' }), 403, 'from another site')
      assert.equal(await post(own, '[{ "environment": "ssr", "dependencies": ["zod\'] }, evil: ["] }]'), 400, 'with what is no id')
      assert.equal(await post(own, 'no JSON'), 400)
      // The fixture's config is made by a function of another module.
      assert.equal(await post(own), 409)
    })

    test('other URLs and methods', async () => {
      const { status, headers } = await ask(app, { path: inspector.slice(0, -1) })
      assert.equal(status, 302)
      assert.equal(headers.location, inspector)
      const head = await asks('', {}, { method: 'HEAD' })
      assert.deepEqual([head.status, head.text], [200, ''])
      assert.equal((await asks('events', {}, { method: 'HEAD' })).status, 200)
      assert.equal((await asks('', {}, { method: 'POST' })).status, 405)
      assert.equal((await asks('constructor')).status, 404)
      if (base) assert.notEqual((await ask(app, { path: '/__evenkeel/' })).status, 200)
    })
  })
}

test('nobody is offered to edit the config who asks by a name that is not of this machine', async () => {
  const cacheDir = await newCacheDir()
  cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
  const port = await freePort()
  const server = { host: '127.0.0.1', port, strictPort: true, watch: null, allowedHosts: ['app.test'] }
  const vite = await createServer({ ...small(cacheDir), server })
  await vite.listen()
  cleanUp(() => vite.close())
  const tokenFor = async (host) => {
    const response = await new Promise((answered) => {
      http.get({ host: '127.0.0.1', port, path: '/app/__evenkeel/events', headers: { host } }, answered)
    })
    assert.equal(response.statusCode, 200, host)
    let text = ''
    response.on('data', (data) => (text += data))
    const [, project] = await until('the project is told', () => text.match(/event: project\ndata: (.*)\n\n/))
    response.destroy()
    return JSON.parse(project).token
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) assert.match(await tokenFor(host), /^[0-9a-f]{32}$/, host)
  assert.equal(await tokenFor('app.test'), undefined)
})

test('a server that restarts with the same plugins streams on', async () => {
  const cacheDir = await newCacheDir()
  cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
  const port = await freePort()
  const vite = await createServer({ ...small(cacheDir), server: { host: '127.0.0.1', port, strictPort: true, watch: null } })
  await vite.listen()
  cleanUp(() => vite.close())
  const events = await listen(`http://127.0.0.1:${port}/app/__evenkeel/events`)
  await events.next('status')
  await vite.restart()
  assert.ok(await settles(events.end, stopsWithin), 'the stream of before ends')
  const anew = await listen(`http://127.0.0.1:${port}/app/__evenkeel/events`)
  const { environments } = await anew.next('status')
  assert.deepEqual(environments.map(({ name }) => name).toSorted(), ['client', 'ssr'])
})

test('in middleware mode the streams end with Vite, and do not keep the server from its end', async () => {
  const cacheDir = await newCacheDir()
  cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
  const vite = await createServer({ ...small(cacheDir), server: { middlewareMode: true, watch: null, ws: false } })
  const server = http.createServer(vite.middlewares).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const events = await listen(`http://127.0.0.1:${server.address().port}/app/__evenkeel/events`)
  await events.next('status')
  const closed = once(server, 'close')
  server.close()
  await vite.close()
  assert.ok(await settles(events.end, stopsWithin), 'the stream ends')
  assert.ok(await settles(closed, stopsWithin), 'the server ends')
})

test('where others may see the server, nobody may edit its config from there', async () => {
  const cacheDir = await newCacheDir()
  cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
  const port = await freePort()
  const vite = await createServer({ ...small(cacheDir), server: { host: true, port, strictPort: true, watch: null } })
  await vite.listen()
  cleanUp(() => vite.close())
  const events = await listen(`http://127.0.0.1:${port}/app/__evenkeel/events`)
  assert.equal((await events.next('project')).token, undefined)
  events.close()
})

/** A Vite server of its own, with something to guard. */
const small = (cacheDir) => ({
  configFile: false,
  root: cacheDir,
  cacheDir,
  base: '/app/',
  logLevel: 'error',
  environments: { ssr: { optimizeDeps: { noDiscovery: false, include: [] } } },
  plugins: [evenkeel()],
})

/** Server-sent events as they come. */
async function listen(url) {
  const aborted = new AbortController()
  const response = await fetch(url, { signal: aborted.signal })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type'), /^text\/event-stream/)
  let text = ''
  const read = async () => {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) text += chunk
  }
  const end = read()
  end.catch(() => {})
  return {
    end,
    next: async (name) => {
      const [, data] = await until(`an event ${name}`, () => text.match(new RegExp(`event: ${name}\\ndata: (.*)\\n\\n`)))
      return JSON.parse(data)
    },
    close: () => aborted.abort(),
  }
}
