// With foresight, which is the default, requests of a cold start meet no late dependency: the crawl has been there before, and
// they have waited for it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { keyOf, latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { bigApp, transformed } from './lib/big-app.mjs'
import { defaults, guarded, reloading } from './lib/guarded.mjs'
import { reloads, trouble } from './lib/log.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const onceEach = Object.fromEntries(pages.map((page) => [keyOf(page), 1]))

for (const { app, where, env, mostReloads } of [
  { app: 'worker', where: 'where runs reload', env: reloading(), mostReloads: 1 },
  { app: 'hono', where: 'where runs add', env: defaults(), mostReloads: 0 },
]) {
  describe(`${app} ${where}, page after page`, () => {
    let server
    let results
    let reloadsBefore
    before(async () => {
      server = await startApp({ app, env })
      const first = await visitAll(server, pages.slice(0, 1))
      reloadsBefore = reloads(server.log())
      results = [...first, ...(await visitAll(server, pages.slice(1)))]
    })
    after(() => server.stop())

    test('every first answer is right, and is no redirect', () => assert.deepEqual(unforeseen(results), []))

    test('every handler started exactly once', async () => assert.deepEqual(await counts(server), onceEach))

    test(`Vite reloads at most ${mostReloads} times, and before the first answer`, () => {
      assert.ok(reloadsBefore <= mostReloads, server.log())
      assert.equal(reloads(server.log()), reloadsBefore, server.log())
    })

    test('nothing in the terminal looks like trouble', () => assert.deepEqual(trouble(server.log()), []))
  })

  test(`${app} ${where}, all pages at once`, async () => {
    const server = await startApp({ app, env })
    try {
      const results = await Promise.all(pages.map(async (page) => ({ page, ...(await visit(server, page)) })))
      assert.deepEqual(unforeseen(results), [])
      assert.deepEqual(await counts(server), onceEach)
      assert.ok(reloads(server.log()) <= mostReloads, server.log())
    } finally {
      await server.stop()
    }
  })
}

describe('an app with 3 000 modules', () => {
  let app
  before(async () => {
    app = await bigApp('worker')
  })
  after(() => app?.remove())

  /** For Vite itself, on a busy machine. */
  const viteOwnTime = 8_000

  for (const [how, options, longest] of [
    ['within the budget', {}, 5_000 + viteOwnTime],
    ['where the budget is spent at once', { foreseeBudget: 1 }, viteOwnTime],
  ]) {
    test(`the crawl ends ${how}, and every late page is right`, async () => {
      const server = await startApp({ root: app.root, env: reloading(options) })
      try {
        const results = await visitAll(server, pages)
        const wrong = results.filter((result) => !isRight(result.page, result))
        assert.deepEqual(wrong.map(({ page, status, text }) => [keyOf(page), status, text.slice(0, 200)]), [])
        assert.ok(results[0].ms < longest, `the first answer took ${results[0].ms} ms`)
        if (!options.foreseeBudget) {
          assert.ok((await transformed(server)) > 0, 'the crawl was among the many modules')
          assert.deepEqual(unforeseen(results), [])
        }
        const before = await transformed(server)
        await visit(server, '/')
        assert.equal(await transformed(server), before, 'it has ended')
      } finally {
        await server.stop()
      }
    })
  }
})

test('without foresight the same visits meet late dependencies', async () => {
  const server = await startApp({ env: guarded() })
  try {
    const results = await visitAll(server, pages)
    assert.notDeepEqual(unforeseen(results), [], 'nothing was late: these tests show nothing')
    assert.ok(reloads(server.log()) > 1)
  } finally {
    await server.stop()
  }
})

function unforeseen(results) {
  const met = results.filter((result) => !isRight(result.page, result) || result.redirects > 0)
  return met.map(({ page, firstStatus, status, redirects, text }) => {
    return { page: keyOf(page), firstStatus, status, redirects, text: text.slice(0, 200) }
  })
}
