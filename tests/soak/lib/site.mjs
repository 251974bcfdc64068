// The app under the soak: a copy with pages and packages of its own, on a server.
import { cp, mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyApp, newCacheDir, startApp } from '../../e2e/lib/app.mjs'
import { defaults } from '../../e2e/lib/guarded.mjs'
import { saveAtOnce } from '../../e2e/lib/save-at-once.mjs'
import { brokeConnection } from './judge.mjs'
import { Packages } from './packages.mjs'
import { Slot } from './slots.mjs'

const overlay = fileURLToPath(new URL('../app/', import.meta.url))
const slotCount = 12

export async function openSite({ guarded, random }) {
  const { root, remove: removeCopy } = await copyApp('worker')
  const cacheDir = await newCacheDir()
  const remove = () => Promise.all([removeCopy(), rm(cacheDir, { recursive: true, force: true })])
  try {
    await cp(overlay, root, { recursive: true })
    const packages = new Packages(root, random)
    // The first is the home page, which the worker's entry imports statically.
    const slots = Array.from({ length: slotCount + 1 }, (_, number) => new Slot(number))
    // A folder that does not exist at the start is one that Vite's resolver never looks for again.
    await packages.install(packages.name())
    const write = (file, text) => writeFile(path.join(root, file), text)
    await mkdir(path.join(root, 'src/pages'), { recursive: true })
    for (const slot of slots) await write(slot.file, slot.saving([], performance.now()))
    const config = coldConfig(root)
    await config.coldStart()
    const app = await startApp({ root, cacheDir, env: guarded ? defaults({ position: 'last' }) : { EVENKEEL: 'off' } })
    const diary = keepDiary(app)
    for (const slot of slots) slot.confirmed(performance.now())
    return { app, root, packages, slots, write, remove, diary, ...config }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What makes Vite restart: its config, touched or with something in it that the optimizer's cache is keyed by. */
function coldConfig(root) {
  let starts = 0
  return {
    // Vite must not load it while it is empty.
    coldStart: () => saveAtOnce(root, 'cold.mjs', `export const unused = 'soak-unused-${++starts}'\n`),
    async warmStart() {
      const now = new Date()
      await utimes(path.join(root, 'vite.config.mjs'), now, now)
    },
  }
}

const reloadSent = /page reload|program reload|optimized dependencies changed\. reloading/
const optimizerReloaded = /optimized dependencies changed\. reloading/
const fetchFailed = /Internal server error: fetch failed/
/** Vite may take one change of its config for two, and restart once more when it has been seen to be back. */
const restarted = /server restarted/
const optimizerRan = /dependenc(?:y|ies) optimized:|optimized dependencies changed\. reloading/

/** What was printed and done, with the time. */
function keepDiary(app) {
  const entries = []
  const note = (text) => entries.push({ at: performance.now(), text })
  app.log().split('\n').forEach(note)
  app.onLog((text) => text.split('\n').filter(Boolean).forEach(note))
  const during = ({ from, until }, pattern, before = 200) =>
    entries.some(({ at, text }) => at >= from - before && at <= until + 500 && pattern.test(text))
  return {
    note,
    around: ({ from, until }) => entries.filter(({ at }) => at >= from - 2_000 && at <= until + 500),
    /** Whether an optimizer run reloaded, or at least ended, in a span or right after it: what it tells follows what it does. */
    reoptimized: (span) => during(span, optimizerReloaded),
    optimized: (span) => during(span, optimizerRan),
    /** Whether workerd met a module that cannot be imported: other requests on the same connection then end with it. */
    brokeConnection: (span) => during(span, brokeConnection, 1_000),
    fetchFailed: (span) => during(span, fetchFailed),
    /** Whether Vite closed its port to open it again. It says so afterwards. */
    restarted: (span) => during(span, restarted),
    /** With both processors busy, a runner imports for seconds what a save has reloaded. */
    reloaded: (span) => during(span, reloadSent, 2_000),
  }
}
