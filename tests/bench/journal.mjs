// What a journal costs the one who must not wait: round trips over stdio with 100 000 modules, while nobody reads, while
// journals are saved over and over, and while facts fill one half of the journal after the other.
//
//   node tests/bench/journal.mjs [--json]
//
// Each kind of turn has a sidecar of its own that lives through the whole run; they take turns. The reader is real:
// `evenkeel events --save`. All of it is measured on the machine as it is, and again with a process that never rests for
// each processor. A round trip of the kind `filled` has the facts in front of it in it.
//
// On a busy machine the longest trip says how long the system let somebody wait for a processor. So two things are told
// apart. The longest work is the writer's thread's own in one trip: copies for the journal are in it, and it is the same
// however busy the machine is. The longest hold is, of one trip, the time in which this process neither worked nor waited
// for a processor and the writer's thread did not wait for one: a lock of a reader is in it, but also whatever else the
// system does, so that it says something only beside that of the sidecar that nobody reads.

import { fork, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryOf, openEnvironment, question, startSidecar } from './lib/client.mjs'
import { compareRounds, percentile, round, summarize } from './lib/report.mjs'

const MODULES = 100_000
const ROUNDS = 10
const TURN_MS = 500
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

/** How long the main thread of a process has worked, and how long it has waited for a processor, in microseconds. */
function scheduled(pid) {
  const [worked, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')
  return { worked: worked / 1000, waited: waited / 1000 }
}

async function timeTrip(sidecar, facts) {
  const { pid } = sidecar.child
  const before = { client: scheduled(process.pid), writer: scheduled(pid) }
  const start = performance.now()
  if (facts) tell(sidecar, Math.floor(Math.random() * MODULES))
  await sidecar.request('resolveOptimizedId', question)
  const took = (performance.now() - start) * 1000
  const after = { client: scheduled(process.pid), writer: scheduled(pid) }
  const since = (who, what) => after[who][what] - before[who][what]
  const worked = since('writer', 'worked')
  return { took, worked, held: Math.max(0, took - since('client', 'worked') - since('client', 'waited') - since('writer', 'waited')) }
}

/** In a turn of the kind `saved`, one journal after the other is saved; one that has begun is waited for. */
async function takeTurn(kind, sidecar, saver, saves) {
  const trips = []
  let isSaving = false
  const startSaving = () => {
    isSaving = true
    saver.child.once('message', (ok) => {
      saves[ok ? 'done' : 'failed']++
      isSaving = false
    })
    saver.child.send({ pid: sidecar.child.pid, file: saver.file })
  }
  for (const until = performance.now() + TURN_MS; isSaving || performance.now() < until; ) {
    if (kind === 'saved' && !isSaving) startSaving()
    trips.push(await timeTrip(sidecar, kind === 'filled'))
  }
  return trips
}

async function measure(sidecars, saver) {
  const times = Object.fromEntries(kinds.map((kind) => [kind, []]))
  const saves = { done: 0, failed: 0 }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const kind of round % 2 ? kinds : kinds.toReversed()) {
      const trips = await takeTurn(kind, sidecars[kind], saver, saves)
      if (round > 0) times[kind].push(trips)
    }
  }
  const took = (kind) => times[kind].map((trips) => trips.map((trip) => trip.took))
  const of = (kind) => {
    const all = took(kind).flat()
    const longestOf = (what) => round(percentile(times[kind].flat().map((trip) => trip[what]), 1))
    const ratio = (share) => compareRounds(took(kind), took('alone'), share)
    const longest = { max: round(percentile(all, 1)), longestWork: longestOf('worked'), longestHold: longestOf('held') }
    return [kind, { trips: all.length, ...summarize(all), ...longest, p50Ratio: ratio(0.5), p99Ratio: ratio(0.99) }]
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
  const saver = { child: fork(new URL('lib/saver.mjs', import.meta.url)), file: join(folder, 'journal.jsonl') }
  const idle = await measure(sidecars, saver)
  const busy = await whileBusy(() => measure(sidecars, saver))
  saver.child.disconnect()
  const memory = Object.fromEntries(kinds.map((kind) => [kind, memoryOf(sidecars[kind].child.pid)]))
  await Promise.all(Object.values(sidecars).map((sidecar) => sidecar.end()))
  return { modules: MODULES, idle, busy, memory }
}

function print(report) {
  console.log(`round trip over stdio, µs    p50      p99      max     work     hold   p99 beside nobody's`)
  for (const load of ['idle', 'busy']) {
    for (const kind of kinds) {
      const { p50, p99, max, longestWork, longestHold, p99Ratio } = report[load][kind]
      const cells = [p50, p99, max, longestWork, longestHold].map((value) => value.toFixed(0).padStart(8))
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
