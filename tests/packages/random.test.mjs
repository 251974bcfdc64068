// Packages that are generated from a seed, added late one after another, and what their importers see: the same as of stock Vite that has bundled
// all of them at once. `RANDOM_SEEDS=1-500` looks at others than the first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAlike } from './lib/alike.mjs'
import { adding, withApp } from './lib/random-app.mjs'
import { randomPackages } from './lib/random-packages.mjs'
import { seeds } from './lib/seeds.mjs'

for (const seed of seeds('1-60')) {
  test(`seed ${seed}`, async () => {
    const packages = randomPackages(seed)
    const stock = await imported(packages, { include: packages.late })
    const late = await imported(packages, adding())
    assertAlike(late, stock)
    assert.equal(late.reloads, 0)
  })
}

/** What is seen of all that is late, one after another. */
async function imported(packages, settings) {
  return withApp(packages, async ({ serve }) => {
    const server = await serve(settings)
    try {
      const answers = await server.askAll(packages.late)
      return { answers, ran: globalThis.ran, reloads: server.reloads() }
    } finally {
      await server.close()
    }
  })
}
