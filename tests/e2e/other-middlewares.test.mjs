// Somebody's own Express server around Vite, with middlewares that wrap responses: sessions write their cookie into the head, compression
// takes the body. They do so in front of Vite or after it, and what a client gets is what it gets without Evenkeel.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import compression from 'compression'
import express from 'express'
import session from 'express-session'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { appsFolder } from './lib/paths.mjs'
import { createSsrServer } from './lib/ssr-server.mjs'

const text = 'on an even keel '.repeat(500)

/** What pages do. */
const pages = {
  '/at-once': (_request, response) => response.type('text').send(text),
  '/in-parts': async (_request, response) => {
    response.writeHead(201, { 'content-type': 'text/plain' })
    for (let part = 0; part < 3; part++) {
      response.write(text)
      await turn()
    }
    response.end('the end')
  },
  '/fails': (_request, response) => response.status(500).type('text').send(text),
  '/fails-in-parts': (_request, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' })
    response.write(text)
    response.end('the end')
  },
  '/fails-and-waits': async (_request, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' })
    if (!response.write(text)) await once(response, 'drain')
    response.end('the end')
  },
  '/throws': () => {
    throw new Error('of the app')
  },
}

const wrappers = {
  sessions: () => [
    session({ secret: 'even keel', resave: false, saveUninitialized: false }),
    (request, _response, next) => {
      request.session.visits = 1
      next()
    },
  ],
  compression: () => [compression({ threshold: 0 })],
}

for (const [name, wrapper] of Object.entries(wrappers)) {
  for (const place of ['in front of Vite', 'after Vite']) {
    describe(`${name} ${place}`, () => {
      for (const page of Object.keys(pages)) {
        test(`does to ${page} what it does without Evenkeel`, async () => {
          const bare = await answered(wrapper(), place, page, [])
          const guarded = await answered(wrapper(), place, page, [evenkeel({ log: 'silent' })])
          assert.deepEqual(guarded, bare)
          assert.ok(bare.cookie || bare.encoding === 'gzip', 'the middleware has done nothing')
        })
      }
    })
  }
}

async function answered(wrapper, place, page, plugins) {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-middlewares-'))
  await writeFile(path.join(root, 'entry.js'), '')
  const vite = await createSsrServer(root, plugins)
  const app = express()
  app.use(...(place === 'in front of Vite' ? [...wrapper, vite.middlewares] : [vite.middlewares, ...wrapper]))
  for (const [url, handle] of Object.entries(pages)) app.get(url, handle)
  app.use((error, _request, response, _next) => response.status(500).type('text').send(error.message.padEnd(500)))
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  try {
    const response = await fetchRaw(`http://127.0.0.1:${server.address().port}${page}`)
    const { status, headers } = response
    const encoding = headers['content-encoding']
    const body = encoding === 'gzip' ? gunzipSync(response.body) : response.body
    return { status, encoding, type: headers['content-type'], cookie: headers['set-cookie']?.length, body: String(body) }
  } finally {
    server.closeAllConnections()
    server.close()
    await vite.close()
    await rm(root, { recursive: true, force: true })
  }
}

/** The bytes as they are: `fetch` would decompress them. */
async function fetchRaw(url) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    asked.on('error', reject)
    asked.end()
  })
}
