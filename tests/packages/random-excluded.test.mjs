// Generated packages once more, some of which are in `exclude`: what they import is not optimized, unless the app imports it, too.
// Stock Vite, which meets the same late dependencies, is what is compared with: its reloads, and what it runs twice.
// `RANDOM_SEEDS=1-500` looks at others than the first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../e2e/lib/waiting.mjs'
import { randomFrom } from '../soak/lib/random.mjs'
import { twice } from './lib/alike.mjs'
import { adding, withApp } from './lib/random-app.mjs'
import { randomPackages } from './lib/random-packages.mjs'
import { seeds } from './lib/seeds.mjs'

for (const seed of seeds('1-15')) {
  test(`seed ${seed}`, async (t) => {
    const packages = randomPackages(seed, { isPlain: true })
    const random = randomFrom(seed).beside(3)
    const exclude = packages.names.filter(() => random.below(100) < 30)
    t.diagnostic(`without ${exclude}`)
    const stock = await imported(packages, { exclude })
    const late = await imported(packages, { ...adding(), exclude })
    assert.deepEqual(late.answers, stock.answers)
    assert.deepEqual(late.twice.filter((id) => !stock.twice.includes(id)), [], 'these modules run twice')
    // Vite reloads where files of other entries change, which only bundling tells; a run falls back wherever they may.
    assert(late.reloads <= stock.reloads + 1, `${late.reloads} reloads, and ${stock.reloads} of stock Vite`)
  })
}

/** What is seen of all that is late, once all of it has been met. */
async function imported(packages, settings) {
  return withApp(packages, async ({ serve }) => {
    const server = await serve(settings)
    const askAll = async () => {
      const answers = {}
      // What is asked for while Vite reloads may be an error.
      for (const id of packages.late) answers[id] = await server.ask(id).catch(String)
      return answers
    }
    try {
      await until('nothing runs any more that has been imported', async () => {
        const ran = globalThis.ran.length
        await askAll()
        await pause(100)
        return globalThis.ran.length === ran
      })
      const reloads = server.reloads()
      server.forget()
      return { answers: await askAll(), reloads, twice: twice(globalThis.ran) }
    } finally {
      await server.close()
    }
  })
}
