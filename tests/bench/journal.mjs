// What a journal costs the one who must not wait: round trips over stdio with 100 000 modules, while nobody reads, while
// journals are saved over and over, and while facts fill one half of the journal after the other.
//
//   node tests/bench/journal.mjs [--json]
//
// Each kind of turn has a sidecar of its own that lives through the whole run; they take turns. The reader is real:
// `evenkeel events --save`. All of it is measured on the machine as it is, and again with a process that never rests for
// each processor. A round trip of the kind `filled` has the facts in front of it in it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, memoryOf, openEnvironment, question, startSidecar, timeTrips } from './lib/client.mjs'
import { compareRounds, percentile, round, summarize } from './lib/report.mjs'

const MODULES = 100_000
const ROUNDS = 10
const TURN_MS = 500
const TRIPS_AT_ONCE = 100
const FACTS_AT_ONCE = 20

const kinds = ['alone', 'saved', 'filled']

const url = (module) => `/src/pages/section-${Math.floor(module / 100)}/components/widget-${module}.tsx`

/** Of any module, the same each time. */
function transformed(module) {
  const deps = [1, 2, 3, 4].map((nth) => url((module * 7919 + nth * 104_729) % MODULES))
  return { kind: 'transform', moment: 'end', module: url(module), deps, dynamicDeps: [url((module + 1) % MODULES)] }
}

function tell(sidecar, first) {
  const activities = Array.from({ length: FACTS_AT_ONCE }, (_, index) => transformed((first + index * 997) % MODULES))
  return sidecar.notify('onTransform', { environment: 'worker', activities })
}

async function startWithModules() {
  const sidecar = await startSidecar()
  openEnvironment(sidecar)
  for (let first = 0; first < MODULES; first += 100) {
    const activities = Array.from({ length: 100 }, (_, index) => transformed(first + index))
    sidecar.notify('onTransform', { environment: 'worker', activities })
    await sidecar.request('resolveOptimizedId', question)
  }
  return sidecar
}

async function save(sidecar, folder) {
  const saving = ['events', '--pid', String(sidecar.child.pid), '--save', join(folder, 'journal.jsonl')]
  const [code] = await once(spawn(binary, saving, { stdio: ['ignore', 'ignore', 'inherit'] }), 'close')
  return code === 0
}

/** Trips while journals are saved; one that has begun is waited for. */
async function whileSaved(sidecar, folder, saves) {
  const trips = []
  const until = performance.now() + TURN_MS
  while (performance.now() < until) {
    let isSaving = true
    const saving = save(sidecar, folder).finally(() => (isSaving = false))
    while (isSaving) trips.push(...(await timeTrips(() => sidecar.request('resolveOptimizedId', question), 10)))
    saves[(await saving) ? 'done' : 'failed']++
  }
  return trips
}

async function takeTurn(kind, sidecar, folder, saves) {
  if (kind === 'saved') return whileSaved(sidecar, folder, saves)
  const trips = []
  const until = performance.now() + TURN_MS
  const trip = () => {
    if (kind === 'filled') tell(sidecar, Math.floor(Math.random() * MODULES))
    return sidecar.request('resolveOptimizedId', question)
  }
  while (performance.now() < until) trips.push(...(await timeTrips(trip, TRIPS_AT_ONCE)))
  return trips
}

async function measure(sidecars, folder) {
  const times = Object.fromEntries(kinds.map((kind) => [kind, []]))
  const saves = { done: 0, failed: 0 }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const kind of round % 2 ? kinds : kinds.toReversed()) {
      const trips = await takeTurn(kind, sidecars[kind], folder, saves)
      if (round > 0) times[kind].push(trips)
    }
  }
  const of = (kind) => {
    const all = times[kind].flat()
    const ratio = (share) => compareRounds(times[kind], times.alone, share)
    return [kind, { trips: all.length, ...summarize(all), max: round(percentile(all, 1)), p50Ratio: ratio(0.5), p99Ratio: ratio(0.99), maxRatio: ratio(1) }]
  }
  return { saves, ...Object.fromEntries(kinds.map(of)) }
}

/** A process that never rests, for each processor. */
async function whileBusy(work) {
  const loops = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
  try {
    return await work()
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}

async function measureAll(folder) {
  const sidecars = Object.fromEntries(await Promise.all(kinds.map(async (kind) => [kind, await startWithModules()])))
  const idle = await measure(sidecars, folder)
  const busy = await whileBusy(() => measure(sidecars, folder))
  const memory = Object.fromEntries(kinds.map((kind) => [kind, memoryOf(sidecars[kind].child.pid)]))
  await Promise.all(Object.values(sidecars).map((sidecar) => sidecar.end()))
  return { modules: MODULES, idle, busy, memory }
}

function print(report) {
  console.log(`round trip over stdio, µs    p50      p99      max   p99 beside nobody's`)
  for (const load of ['idle', 'busy']) {
    for (const kind of kinds) {
      const { p50, p99, max, p99Ratio } = report[load][kind]
      const cells = [p50, p99, max].map((value) => value.toFixed(0).padStart(8))
      console.log(`  ${`${load}, ${kind}`.padEnd(20)} ${cells.join(' ')}  ${String(p99Ratio).padStart(8)}`)
    }
    const { done, failed } = report[load].saves
    console.log(`  ${done} journals saved, ${failed} failed`)
  }
  for (const kind of kinds) console.log(`memory, ${kind}: ${report.memory[kind].rssMb} MB at rest, ${report.memory[kind].peakRssMb} MB at most`)
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-journal-'))
const report = await measureAll(folder).finally(() => rmSync(folder, { recursive: true }))
if (process.argv.includes('--json')) console.log(JSON.stringify(report))
else print(report)
