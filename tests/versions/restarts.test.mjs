// A restart that fails leaves the server of before. Since Vite 8.4 the next one is closed then; workerd has joined it, and goes on
// asking it for modules: it is sent what there is, and an error for what is late. Nobody is to be worse off with Evenkeel.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { getPages } from '../apps/pages/table.mjs'
import { copyApp, startApp } from '../e2e/lib/app.mjs'
import { failRestart } from '../e2e/lib/failing-restart.mjs'
import { adding, guarded } from '../e2e/lib/guarded.mjs'
import { isRight, visitAll } from '../e2e/lib/visit.mjs'
import { newestNode, openStack, runs } from './lib/stacks.mjs'

/** The newest of the last line that does not close the next server, and of the first that does. */
const tested = runs.filter((run) => ['8.3', '8.4'].includes(run.name) && run.major === newestNode(run))
/** A deadline that only a request which waits for nothing reaches. */
const patient = 60_000
const home = { path: '/', expect: 'home says hello' }
const pages = [home, getPages[0], home]

describe('after a restart that has failed, nobody waits, and every page is answered that is without Evenkeel', () => {
  for (const run of tested) {
    test(run.title, async () => {
      const stack = await openStack(run)
      try {
        const bare = await answersAfterFailure(stack, {})
        for (const env of [guarded({ deadline: patient }), adding({ deadline: patient })]) {
          for (const [at, answer] of (await answersAfterFailure(stack, env)).entries()) {
            assert.ok(answer.ms < patient / 2, `${answer.page.path} waited for ${answer.ms} ms`)
            assert.ok(isRight(answer.page, answer) || !isRight(answer.page, bare[at]), `${answer.status} ${answer.text}`)
          }
        }
      } finally {
        await stack.remove()
      }
    })
  }
})

async function answersAfterFailure(stack, env) {
  const { root, remove } = await copyApp('worker', stack)
  const app = await startApp({ stack, root, env })
  try {
    await visitAll(app, [home])
    await failRestart(app)
    return await visitAll(app, pages)
  } finally {
    await app.stop()
    await remove()
  }
}
