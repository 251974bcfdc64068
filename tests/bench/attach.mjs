// What readers cost the one who must not wait: round trips over stdio, without a reader and with fifty, half of them stopped.
//
//   node tests/bench/attach.mjs [--json]
//
// Two sidecars live through the whole run and are told the same: one has no readers. They take turns, and each turn is
// longer than what happens in it takes to reach the readers, so that their work falls into their own sidecar's turn.
// The readers are real: `evenkeel status --watch` and `evenkeel events --follow`. Half of each are stopped by SIGSTOP,
// so that they read nothing from then on. What the others print goes to a file: it is not this process that reads it.

import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { binary, memoryOf, openEnvironment, question, startSidecar, timeTrips } from './lib/client.mjs'
import { compareRounds, summarize } from './lib/report.mjs'

const READERS = 50
const ROUNDS = 40
const TURN_MS = 300
const TRIPS_AT_ONCE = 100
/** What a re-optimization of a small app is worth. */
const EVENTS_PER_TURN = 200

const kinds = [
  ['status', '--watch', '--json'],
  ['events', '--follow', '--json'],
]

async function startReader(pid, index, folder) {
  const printed = join(folder, String(index))
  const kind = kinds[index % 2]
  const child = spawn(binary, [...kind, '--pid', String(pid)], { stdio: ['ignore', openSync(printed, 'w'), 'inherit'] })
  while (statSync(printed).size === 0) await sleep(10)
  return child
}

function tell(sidecar, round) {
  const activities = Array.from({ length: EVENTS_PER_TURN / 2 }, (_, index) => {
    const module = `/src/pages/section-${round}/widget-${index}.tsx`
    const end = { kind: 'transform', moment: 'end', module, deps: ['/src/lib/format.ts', '/src/lib/state.ts'] }
    return [{ kind: 'transform', moment: 'begin', module }, end]
  }).flat()
  // As the plugin sends them: a few with each turn of its event loop.
  for (let at = 0; at < activities.length; at += 4) {
    sidecar.notify('onTransform', { environment: 'worker', activities: activities.slice(at, at + 4) })
  }
}

async function takeTurn(sidecar, round) {
  const until = performance.now() + TURN_MS
  const trips = []
  tell(sidecar, round)
  while (performance.now() < until) {
    trips.push(...(await timeTrips(() => sidecar.request('resolveOptimizedId', question), TRIPS_AT_ONCE)))
  }
  return trips
}

async function measure(folder) {
  const sidecars = { alone: await startSidecar(), attended: await startSidecar() }
  for (const sidecar of Object.values(sidecars)) {
    openEnvironment(sidecar)
    await sidecar.request('status', {})
  }
  const { pid } = sidecars.attended.child
  const readers = await Promise.all(Array.from({ length: READERS }, (_, index) => startReader(pid, index, folder)))
  const stopped = readers.slice(0, READERS / 2)
  for (const reader of stopped) reader.kill('SIGSTOP')

  const times = { alone: [], attended: [] }
  const names = Object.keys(sidecars)
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const trips = await takeTurn(sidecars[name], round)
      if (round > 0) times[name].push(trips)
    }
  }
  const memory = { alone: memoryOf(sidecars.alone.child.pid), attended: memoryOf(pid) }
  for (const reader of readers) reader.kill('SIGKILL')
  await Promise.all(Object.values(sidecars).map((sidecar) => sidecar.end()))
  const of = (name) => {
    const all = times[name].flat()
    return { trips: all.length, ...summarize(all), ...memory[name] }
  }
  return {
    readers: READERS,
    stopped: stopped.length,
    alone: of('alone'),
    attended: of('attended'),
    p50Ratio: compareRounds(times.attended, times.alone, 0.5),
    p99Ratio: compareRounds(times.attended, times.alone, 0.99),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-readers-'))
const report = await measure(folder).finally(() => rmSync(folder, { recursive: true }))
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(report))
} else {
  console.log(`round trip over stdio    p50, µs    p99, µs    memory, MB`)
  for (const name of ['alone', 'attended']) {
    const { p50, p99, rssMb } = report[name]
    console.log(`  ${name.padEnd(20)} ${String(p50).padStart(9)}  ${String(p99).padStart(9)}  ${String(rssMb).padStart(12)}`)
  }
  console.log(`  ${report.readers} readers, ${report.stopped} of them stopped: p99 ${report.p99Ratio} times as long`)
}
