// What a journal costs the one who must not wait: round trips over stdio with 100 000 modules, while nobody reads, while
// journals are saved over and over, and while facts fill one half of the journal after the other.
//
//   node tests/bench/journal.mjs [--json]
//
// Each kind of turn has a sidecar of its own that lives through the whole run; they take turns. The reader is real:
// `evenkeel events --save`. All of it is measured on the machine as it is, and again with a process that never rests for
// each processor. A round trip of the kind `filled` has the facts in front of it in it.
//
// On a busy machine the longest trip says how long the system let somebody wait for a processor. So what the writer was
// held up is told apart: of a trip, the time in which this process neither worked nor waited for a processor, and the
// writer's thread did not wait for one either. It worked then, or waited for somebody: a lock of a reader, for one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, memoryOf, openEnvironment, question, startSidecar } from './lib/client.mjs'
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

async function save(sidecar, folder) {
  const saving = ['events', '--pid', String(sidecar.child.pid), '--save', join(folder, 'journal.jsonl')]
  const [code] = await once(spawn(binary, saving, { stdio: ['ignore', 'ignore', 'inherit'] }), 'close')
  return code === 0
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
  return { took, held: Math.max(0, took - since('client', 'worked') - since('client', 'waited') - since('writer', 'waited')) }
}

/** In a turn of the kind `saved`, one journal after the other is saved; one that has begun is waited for. */
async function takeTurn(kind, sidecar, folder, saves) {
  const trips = []
  let saving
  const startSaving = () => {
    saving = save(sidecar, folder).then((ok) => {
      saves[ok ? 'done' : 'failed']++
      saving = undefined
    })
  }
  for (const until = performance.now() + TURN_MS; saving || performance.now() < until; ) {
    if (kind === 'saved' && !saving) startSaving()
    trips.push(await timeTrip(sidecar, kind === 'filled'))
  }
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
  const took = (kind) => times[kind].map((trips) => trips.map((trip) => trip.took))
  const of = (kind) => {
    const all = took(kind).flat()
    const held = times[kind].flat().map((trip) => trip.held)
    const ratio = (share) => compareRounds(took(kind), took('alone'), share)
    const longest = { max: round(percentile(all, 1)), longestHeld: round(percentile(held, 1)) }
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
  const idle = await measure(sidecars, folder)
  const busy = await whileBusy(() => measure(sidecars, folder))
  const memory = Object.fromEntries(kinds.map((kind) => [kind, memoryOf(sidecars[kind].child.pid)]))
  await Promise.all(Object.values(sidecars).map((sidecar) => sidecar.end()))
  return { modules: MODULES, idle, busy, memory }
}

function print(report) {
  console.log(`round trip over stdio, µs    p50      p99      max  longest held   p99 beside nobody's`)
  for (const load of ['idle', 'busy']) {
    for (const kind of kinds) {
      const { p50, p99, max, longestHeld, p99Ratio } = report[load][kind]
      const cells = [p50, p99, max, longestHeld].map((value) => value.toFixed(0).padStart(8))
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
