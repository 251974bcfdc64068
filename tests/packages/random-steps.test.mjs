// Generated packages once more: several are imported at the same time, the server is started anew, packages are updated while it runs and
// while it is down. After each step, all that has been imported is as on stock Vite that has bundled all of it at once.
// `RANDOM_SEEDS=1-500` looks at others than the first.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../e2e/lib/waiting.mjs'
import { twice } from './lib/alike.mjs'
import { adding, withApp } from './lib/random-app.mjs'
import { randomPackages } from './lib/random-packages.mjs'
import { randomSteps } from './lib/random-steps.mjs'
import { seeds } from './lib/seeds.mjs'

for (const seed of seeds('1-25')) {
  test(`seed ${seed}`, async (t) => {
    const packages = randomPackages(seed)
    const files = { ...packages.files }
    await withApp(packages, async (app) => {
      const story = { ...app, server: await app.serve(adding()), seen: [] }
      try {
        for (const step of randomSteps(seed, packages)) {
          t.diagnostic(JSON.stringify(step))
          const updated = step.update ? packages.update(step.update) : {}
          Object.assign(files, updated)
          await carryOut(story, step, updated, () => stockAnswers({ ...packages, files }, story.seen))
        }
      } finally {
        await story.server.close()
      }
    })
  })
}

async function carryOut(story, { add = [], update, restart }, updated, expected) {
  const before = { cache: await filesOfCache(story.root), reloads: story.server.reloads() }
  if (restart) await story.server.close()
  if (update) await story.install(updated)
  if (restart) story.server = await story.serve(adding())
  const { server, seen } = story
  const ask = async ({ id, after }) => {
    await pause(after)
    // Who asks while the server reloads may get an error, or what was there before.
    await server.ask(id).catch((error) => assert(update, error))
  }
  await Promise.all(add.map(ask))
  seen.push(...add.map(({ id }) => id))

  const right = await expected()
  const isUpdated = async () => JSON.stringify(await answersOf(server, seen)) === JSON.stringify(right)
  if (update && !restart) await until('all is as it was updated', () => isUpdated().catch(() => false)).catch(() => undefined)
  assert.deepEqual(await answersOf(server, seen), right)
  const reloads = restart ? server.reloads() : server.reloads() - before.reloads
  assert(reloads <= (update && !restart ? 1 : 0), `${reloads} reloads`)
  if (restart && !update) assert.deepEqual(await filesOfCache(story.root), before.cache, 'what was there is bundled once more')
  // After an update, modules run again.
  if (update) globalThis.ran = []
  assert.deepEqual(twice(globalThis.ran), [], 'these modules have run twice')
}

function filesOfCache(root) {
  return readdir(path.join(root, 'node_modules/.vite/deps_ssr')).catch(() => [])
}

/** What stock Vite shows on the packages as they are now. */
async function stockAnswers(packages, seen) {
  const { ran } = globalThis
  return withApp(packages, async ({ serve }) => {
    const server = await serve({ include: packages.late })
    try {
      return await answersOf(server, seen)
    } finally {
      await server.close()
      globalThis.ran = ran
    }
  })
}

/** How often something was counted depends on how often it has been asked. */
async function answersOf(server, ids) {
  const answers = await server.askAll(ids)
  return JSON.parse(JSON.stringify(answers, (_, value) => (typeof value === 'number' ? 'a number' : value)))
}
