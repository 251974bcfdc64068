// With foresight, which is the default, a request does not meet a late dependency at all: the crawl was there before, and the
// request waited for it. What is left for recovery are requests that were faster than the file watcher.
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { keyOf, latePages, otherMethodPages, spareDeps } from '../apps/pages/table.mjs'
import { copyApp, startApp } from './lib/app.mjs'
import { draft, saveDraft, shows } from './lib/drafts.mjs'
import { defaults, guarded } from './lib/guarded.mjs'
import { until } from './lib/waiting.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const apps = ['worker', 'hono']
const pages = [...latePages, ...otherMethodPages]

const reloadLine = 'optimized dependencies changed. reloading'
const reloads = (log) => log.split(reloadLine).length - 1
/** Vite prints one of these once it has told an environment of a save. */
const saveLine = /\b(?:page reload|hmr update) /
/** Nothing that a person would take for trouble. */
const trouble = (log) => log.split('\n').filter((line) => /error|fail|exception|✘|does not exist/i.test(line))

const summary = ({ page, firstStatus, status, redirects, text }) => ({
  page: keyOf(page),
  firstStatus,
  status,
  redirects,
  text: text.slice(0, 200),
})

describe('a cold start', () => {
  for (const app of apps) {
    describe(`${app}, page after page`, () => {
      let server
      let results
      let reloadsBefore
      before(async () => {
        server = await startApp({ app, env: defaults() })
        const first = await visitAll(server, pages.slice(0, 1))
        reloadsBefore = reloads(server.log())
        results = [...first, ...(await visitAll(server, pages.slice(1)))]
      })
      after(() => server.stop())

      test('every first answer is right, and is the first', () => {
        const wrong = results.filter((result) => !isRight(result.page, result) || result.redirects > 0)
        assert.deepEqual(wrong.map(summary), [])
      })

      test('every handler started exactly once', async () => {
        assert.deepEqual(await counts(server), Object.fromEntries(pages.map((page) => [keyOf(page), 1])))
      })

      test('Vite reloads at most once, and before the first answer', () => {
        assert.ok(reloadsBefore <= 1, `${reloadsBefore} reloads before the first answer`)
        assert.equal(reloads(server.log()), reloadsBefore, server.log())
      })

      test('nothing in the terminal looks like trouble', () => assert.deepEqual(trouble(server.log()), []))
    })

    test(`${app}, all pages at once`, async () => {
      const server = await startApp({ app, env: defaults() })
      try {
        const results = await Promise.all(pages.map(async (page) => ({ page, ...(await visit(server, page)) })))
        const wrong = results.filter((result) => !isRight(result.page, result) || result.redirects > 0)
        assert.deepEqual(wrong.map(summary), [])
        assert.deepEqual(await counts(server), Object.fromEntries(pages.map((page) => [keyOf(page), 1])))
        assert.ok(reloads(server.log()) <= 1, server.log())
      } finally {
        await server.stop()
      }
    })
  }

  test('without foresight the same visits meet late dependencies', async () => {
    const server = await startApp({ env: guarded() })
    try {
      const results = await visitAll(server, pages)
      assert.ok(results.some(({ redirects }) => redirects > 0), 'nothing was late: these tests show nothing')
      assert.ok(reloads(server.log()) > 1)
    } finally {
      await server.stop()
    }
  })
})

describe('a save that imports something new', () => {
  for (const app of apps) {
    describe(app, () => {
      let session
      before(async () => {
        session = await openDraft(app)
      })
      after(() => session.close())

      for (const [at, spare] of spareDeps.entries()) {
        // The other app takes the combinations that this one leaves out.
        const turn = at + apps.indexOf(app) * (spareDeps.length + 1)
        const method = turn % 2 ? 'POST' : 'GET'
        const delay = [0, 50, 200, 1000][(turn >> 1) % 4]

        test(`${spare.dep}, ${method} ${delay} ms later`, async () => {
          const next = draft(at + 1, [spare])
          const { answer, started, seenBefore, printed } = await session.save(next, { method, delay })
          const right = shows(next, answer) || (!seenBefore && shows(session.previous, answer))
          assert.ok(right, `${seenBefore ? 'after' : 'before'} Vite saw the save: ${answer.status} ${answer.text}`)
          if (method === 'POST') assert.equal(started, 1, 'the handler of a POST starts exactly once')
          if (seenBefore) {
            assert.equal(answer.redirects, 0)
            assert.deepEqual(trouble(printed()), [])
          }
          await session.settled(next)
        })
      }

      test('Vite was mostly faster than the request', () => {
        // Otherwise only recovery was tested.
        assert.ok(session.seenBefore >= spareDeps.length / 4, `${session.seenBefore} of ${spareDeps.length}`)
      })
    })
  }
})

/** A copy of an app whose draft a test saves again and again, with a server on it. */
async function openDraft(app, first = draft(0, [])) {
  const copy = await copyApp(app)
  await saveDraft(copy.root, first)
  const server = await startApp({ root: copy.root, env: defaults() }).catch(async (error) => {
    await copy.remove()
    throw error
  })
  const session = {
    ...copy,
    server,
    previous: first,
    seenBefore: 0,

    /** Saves, and asks for the page so many milliseconds later. */
    async save(next, { method, delay }) {
      const from = server.log().length
      const printed = () => server.log().slice(from)
      const before = await counts(server)
      const key = `${method} /draft`
      await saveDraft(copy.root, next)
      await pause(delay)
      const seenBefore = saveLine.test(printed())
      if (seenBefore) session.seenBefore++
      const answer = await visit(server, '/draft', { method, body: method === 'POST' ? 'even keel' : undefined })
      const started = ((await counts(server))[key] ?? 0) - (before[key] ?? 0)
      await until('Vite sees the save', () => saveLine.test(printed()))
      return { answer, started, seenBefore, printed }
    },

    /** What has been saved is shown in the end, whatever the first request met. */
    async settled(next) {
      await until('the page shows what was saved', async () => shows(next, await visit(server, '/draft')))
      session.previous = next
    },

    async close() {
      await server.stop()
      await copy.remove()
    },
  }
  assert.ok(shows(first, await visit(server, '/draft')))
  return session
}
