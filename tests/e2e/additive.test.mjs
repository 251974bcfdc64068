// Where optimizer runs add, a late dependency changes nothing that is there: the other lines of defence are turned off, and still
// every first answer is right, on busy processors too; `first-answers` has idle ones. The bare stack is measured in the same run.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { keyOf, latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { keepBusy } from '../hosts/lib/busy.mjs'
import { startApp } from './lib/app.mjs'
import { addingAlone } from './lib/guarded.mjs'
import { hookErrors, reloads } from './lib/log.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const actions = pages.filter(({ method }) => method !== 'GET')
const once = Object.fromEntries(actions.map((page) => [keyOf(page), 1]))

/** So many loops keep the processors busy. */
const LOOPS = 4

describe('on busy processors', () => {
  let idle
  before(() => (idle = keepBusy(LOOPS)))
  after(() => idle())

  test('without Evenkeel first answers are wrong, and the optimizer reloads', async () => {
    const bare = await coldVisits({}, pages.slice(0, 6))
    assert.notDeepEqual(bare.wrong, [], 'this shows nothing on a stack that is right by itself')
    assert.notEqual(bare.reloads, 0)
  })

  describe('where runs add, with nothing else', () => {
    let seen
    before(async () => (seen = await coldVisits(addingAlone(), pages)))

    test('every first answer is right', () => assert.deepEqual(seen.wrong, [], seen.log))
    test('every action runs once', () => assert.deepEqual(seen.started, once))
    test('no client is sent elsewhere', () => assert.equal(seen.redirects, 0))
    test('no environment is told to reload', () => assert.deepEqual(seen.reloadsSent, none(seen.reloadsSent)))
    test('the terminal shows neither a reload nor two copies of React', () => {
      assert.equal(seen.reloads, 0, seen.log)
      assert.equal(seen.hookErrors, 0, seen.log)
    })
  })
})

/** All that a user sees of a cold start in which each page brings a dependency that Vite has not met before. */
async function coldVisits(env, pages) {
  const server = await startApp({ app: 'hono', env })
  try {
    await visit(server, '/')
    const results = await visitAll(server, pages)
    const started = await counts(server)
    return {
      wrong: results.filter((result) => !isRight(result.page, result)).map(summary),
      started: Object.fromEntries(actions.map((page) => [keyOf(page), started[keyOf(page)] ?? 0])),
      redirects: results.reduce((sum, { redirects }) => sum + redirects, 0),
      reloadsSent: JSON.parse((await visit(server, '/__reloads')).text),
      reloads: reloads(server.log()),
      hookErrors: hookErrors(server.log()),
      log: server.log(),
    }
  } finally {
    await server.stop()
  }
}

const none = (counted) => Object.fromEntries(Object.keys(counted).map((name) => [name, 0]))

function summary({ page, firstStatus, status, redirects, text }) {
  return { page: keyOf(page), firstStatus, status, redirects, text: text.slice(0, 200) }
}
