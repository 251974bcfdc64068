// A cold start is where a discovery meets runners that are being initialized: none may fail, and none may print trouble. The entry has
// imports that the scanner does not see, so that the runner meets late dependencies while it imports the entry.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { latePages } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { defaults } from '../e2e/lib/guarded.mjs'
import { trouble } from '../e2e/lib/log.mjs'
import { isRight, visit, visitAll } from '../e2e/lib/visit.mjs'
import { newestNode, openStack, runs } from './lib/stacks.mjs'

// Two stacks at a time: this takes longer than all else that the versions are asked.
describe('cold starts in a row', { concurrency: 2 }, () => {
  for (const run of runs.filter((run) => run.coldStarts && run.major === newestNode(run))) {
    test(`${run.title}: ${run.coldStarts}`, async () => {
      const stack = await openStack(run)
      const failures = []
      try {
        for (let number = 1; number <= run.coldStarts; number++) {
          const failure = await coldStart(stack)
          if (failure) failures.push(`start ${number}: ${failure}`)
        }
      } finally {
        await stack.remove()
      }
      assert.deepEqual(failures, [])
    })
  }
})

/** What went wrong, if anything. */
async function coldStart(stack) {
  let app
  try {
    app = await startApp({ stack, env: { ...defaults(), UNSEEN_IMPORTS: '1' } })
    const home = await visit(app, '/')
    const results = await visitAll(app, latePages.slice(0, 2))
    const wrong = results.filter((result) => !isRight(result.page, result))
    if (home.status !== 200 || wrong.length) return `wrong answers: ${home.status} ${wrong.map(({ text }) => text.slice(0, 300))}\n${app.log()}`
    if (trouble(app.log()).length) return app.log()
  } catch (error) {
    return error.message
  } finally {
    await app?.stop()
  }
}
