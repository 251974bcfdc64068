// Late pages and actions in workerd, with runs that add and nothing else: whatever bundles the dependencies, every first answer is
// right, every action runs once, and nothing reloads.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { getPages, keyOf, otherMethodPages, postPages } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { addingAlone } from '../e2e/lib/guarded.mjs'
import { hookErrors, reloads } from '../e2e/lib/log.mjs'
import { counts, isRight, visit, visitAll } from '../e2e/lib/visit.mjs'
import { newestNode, openStack, runs } from './lib/stacks.mjs'

/** Some of each kind; the end-to-end tests ask all of the newest stack. */
const pages = [...getPages.slice(0, 5), ...postPages.slice(0, 4), ...otherMethodPages]
const actions = pages.filter(({ method }) => method !== 'GET')

for (const run of runs.filter((run) => run.cloudflare && run.major === newestNode(run))) {
  describe(run.title, () => {
    let stack
    let server
    let results
    before(async () => {
      stack = await openStack(run)
      server = await startApp({ stack, env: addingAlone() })
      await visit(server, '/')
      results = await visitAll(server, pages)
    })
    after(async () => {
      await server?.stop()
      await stack?.remove()
    })

    test('every first answer is right, without a redirect', () => {
      const wrong = results.filter((result) => !isRight(result.page, result) || result.redirects > 0)
      assert.deepEqual(wrong.map(({ page, status, text }) => [keyOf(page), status, text.slice(0, 300)]), [], server.log())
    })

    test('every action runs once', async () => {
      const started = await counts(server)
      assert.deepEqual(actions.filter((page) => started[keyOf(page)] !== 1).map(keyOf), [])
    })

    test('nothing reloads, and there is one React', () => {
      assert.deepEqual({ reloads: reloads(server.log()), hookErrors: hookErrors(server.log()) }, { reloads: 0, hookErrors: 0 }, server.log())
    })
  })
}
