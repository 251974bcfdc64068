// What reaches a worker beside requests: a cron that is triggered by hand, a WebSocket of a Durable Object, and one of somebody's own
// server. Without foresight, so that late dependencies are met by them: where runs reload they are held, where runs add there is
// nothing to wait for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draft } from '../e2e/lib/drafts.mjs'
import { evenkeel } from '../e2e/lib/command.mjs'
import { connectHotClient } from '../e2e/lib/hot-client.mjs'
import { saveLine } from '../e2e/lib/log.mjs'
import { visit } from '../e2e/lib/visit.mjs'
import { until } from '../e2e/lib/waiting.mjs'
import { openHost } from './lib/measure.mjs'
import { spares } from './lib/spares.mjs'

const optionsOf = (options) => ({ EVENKEEL_OPTIONS: JSON.stringify({ foresee: false, ...options }) })
const reloading = optionsOf({ additive: false })
const adding = optionsOf({ hold: false, recover: false })
const cron = '/cdn-cgi/handler/scheduled'
/** With hooks, so that it fails on two Reacts. */
const late = draft(1, [spares.find(({ content }) => content.includes('toggle'))])

/** A host that has shown its page, and then a save with a late dependency that Vite has seen. */
async function openSaved(env, run, host = 'workers') {
  const { app, save, close } = await openHost(host, env)
  try {
    await until('the page is there', async () => (await visit(app, '/')).status === 200)
    const from = app.log().length
    await save(late)
    await until('Vite sees the save', () => saveLine.test(app.log().slice(from)))
    await run(app)
  } finally {
    await close()
  }
}

/** The first message of a WebSocket, or that there was none. */
function firstMessage(app) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/socket`)
    socket.addEventListener('message', ({ data }) => {
      socket.close()
      resolve(data)
    })
    for (const end of ['error', 'close']) socket.addEventListener(end, () => resolve(end))
  })
}

const isLate = (message) => late.expects.every((expect) => message.includes(expect))
const saysLate = (message, app) => assert.ok(isLate(message), `${message}\n${app.log()}`)

test('without Evenkeel a cron that meets a late dependency fails', () =>
  openSaved({}, async (app) => assert.equal((await visit(app, cron)).status, 500)))

for (const [title, env] of [
  ['where runs reload', reloading],
  ['where runs add, with nothing else', adding],
]) {
  test(`${title} it does not, for a client that follows no redirects`, () =>
    openSaved(env, async (app) => {
      const { firstStatus, text } = await visit(app, cron)
      assert.equal(firstStatus, 200, `${text}\n${app.log()}`)
    }))
}

test('where runs add, a WebSocket that meets a late dependency gets the first message', () =>
  openSaved(adding, async (app) => saysLate(await firstMessage(app), app)))

test('where runs reload, a WebSocket that is opened while the optimizer is at work gets the first message', () =>
  openSaved(reloading, async (app) => {
    const page = visit(app, '/')
    await until('the optimizer is at work', async () => {
      const { stdout } = await evenkeel('status', '--json', '--root', app.root)
      return JSON.parse(stdout || '{}').environments?.some(({ phase }) => ['discovering', 'optimizing', 'reloading'].includes(phase))
    })
    saysLate(await firstMessage(app), app)
    assert.equal((await page).status, 200)
  }))

test("without Evenkeel a WebSocket of somebody's own server fails on a late dependency", () =>
  openSaved({}, async (app) => assert.ok(!isLate(await firstMessage(app)), app.log()), 'express'))

test("where runs add, a WebSocket of somebody's own server gets the first message, and Vite's own is opened beside it", () =>
  openSaved(adding, async (app) => {
    const [message, page] = await Promise.all([firstMessage(app), connectHotClient(app)])
    page.close()
    saysLate(message, app)
    assert.equal(page.reloads(), 0, app.log())
  }, 'express'))
