// Vite is killed in the middle of optimizer runs. Whatever it leaves behind, the next start succeeds, and all that a page asks for
// is right at once. `ADDITIVE_KILLS=50` kills more often, `ADDITIVE_SEED` at other moments.
import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { randomFrom } from '../soak/lib/random.mjs'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone } from './lib/guarded.mjs'
import { openSmallApp, smallApp } from './lib/small-app.mjs'

const kills = Number(process.env.ADDITIVE_KILLS ?? 10)
const seed = Number(process.env.ADDITIVE_SEED ?? 1)

/** A run of so small packages is over by then. */
const longestMs = 60
/** Each so many kills, the cache is thrown away first, so that it is the first run that is killed. */
const roundsOfACache = 5

const names = Array.from({ length: kills + 1 }, (_, at) => `late${at}`)

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

test(`${kills} kills, seed ${seed}`, async () => {
  const random = randomFrom(seed)
  const app = await smallApp(names)
  let inRuns = 0
  try {
    for (let round = 1; round <= kills; round++) {
      const isCold = round % roundsOfACache === 0
      if (isCold) await rm(app.cache, { recursive: true, force: true })
      const wasRunning = await killInARun(app, names[round], { isCold, afterMs: random.below(longestMs) })
      if (wasRunning) inRuns++
      await everythingIsRight(app, names.slice(0, round + 1))
    }
  } finally {
    await app.remove()
  }
  assert.ok(inRuns > 0, 'no run was met: this shows nothing')
  console.log(`${inRuns} of ${kills} kills met a run that was going on`)
})

/** Kills Vite so long after a run has begun. Resolves with whether the run was still going on. */
async function killInARun(app, late, { isCold, afterMs }) {
  const begins = await nextRun(app)
  const server = await app.start(addingAlone())
  if (!isCold) {
    const page = await openSmallApp(browser, server)
    page.open(late).catch(() => {})
    await begins.seen
    await page.close()
  } else {
    await begins.seen
  }
  await pause(afterMs)
  process.kill(server.pid, 'SIGKILL')
  await server.exited
  await server.stop()
  return begins.isGoingOn()
}

async function everythingIsRight(app, asked) {
  const server = await app.start(addingAlone())
  const page = await openSmallApp(browser, server)
  try {
    for (const name of asked) await page.says(name, `${name} with core 1.0.0`)
    assert.deepEqual(page.wrong, [], server.log())
    assert.deepEqual(await page.cores(), ['1.0.0'], server.log())
    assert.equal(page.loads(), 0, server.log())
  } finally {
    await page.close()
    await server.stop()
  }
}

/** Vite bundles into a folder beside the cache, which takes its place in the end. */
async function nextRun(app) {
  await mkdir(app.cache, { recursive: true })
  // What earlier kills have left is still there.
  const killed = new Set(await readdir(app.cache))
  const isRun = (name) => name?.startsWith('deps_temp') && !killed.has(name)
  const watcher = watch(app.cache)
  const seen = new Promise((resolve) => watcher.on('change', (_, name) => isRun(name) && resolve()))
  const isGoingOn = async () => {
    watcher.close()
    return (await readdir(app.cache)).some(isRun)
  }
  return { seen, isGoingOn }
}
