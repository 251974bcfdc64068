// What Evenkeel costs when nothing goes wrong, and what it saves at a cold start: everything side by side with the bare stack,
// in turn, in one run.
//
//   node startup.mjs [--json] [--rounds N]
//
// - ready: from the start of Vite's process to "ready in", with and without a cache.
// - late pages: first answers at a cold start, page after page, whether they are right or not.
// - gate: a warm page of two stable servers, and the round trip of `admit` by itself.
// - crawl: a warm start of an app with 3 000 modules that only the crawl transforms, asked for its first page meanwhile.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { findBinary } from '../../clients/vite/dist/binary.js'
import { RpcConnection } from '../../clients/vite/dist/rpc.js'
import { latePages } from '../apps/pages/table.mjs'
import { newCacheDir, startApp } from '../e2e/lib/app.mjs'
import { bigApp, transformed } from '../e2e/lib/big-app.mjs'
import { defaults } from '../e2e/lib/guarded.mjs'
import { until } from '../e2e/lib/waiting.mjs'
import { isRight, visit, visitAll } from '../e2e/lib/visit.mjs'
import { median, percentile, printTable } from './lib/report.mjs'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '5' } },
})
const rounds = Number(options.rounds)
const gatePairs = rounds * 300
const admitTrips = 5_000
const bigModules = 3_000

const stacks = { bare: {}, evenkeel: defaults({ log: 'warn' }) }
const names = Object.keys(stacks)

const ready = { cold: emptySamples(), warm: emptySamples() }
const late = emptySamples()
const right = { bare: 0, evenkeel: 0 }
for (let round = 0; round < rounds; round++) {
  for (const name of inTurn(round)) await measureStarts(name)
}
const gate = await measureGate()
const admit = await measureAdmit()
const crawl = await measureCrawl()
report()

/** A cold start with all late pages, and a warm one with the cache that it left behind. */
async function measureStarts(name) {
  const cacheDir = await newCacheDir()
  const env = stacks[name]
  try {
    const cold = await startApp({ cacheDir, env })
    ready.cold[name].push(cold.readyMs)
    const results = await visitAll(cold, latePages).finally(cold.stop)
    late[name].push(...results.map(({ ms }) => ms))
    right[name] += results.filter((result) => isRight(result.page, result)).length
    const warm = await startApp({ cacheDir, env })
    ready.warm[name].push(warm.readyMs)
    await warm.stop()
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}

async function measureGate() {
  return withServers({}, async (servers) => {
    for (const name of names) await visitAll(servers[name], [...latePages, ...latePages])
    return requestsInTurn(servers, '/', () => false, gatePairs)
  })
}

/** The round trip that every request pays, by the very client that it is paid with. */
async function measureAdmit() {
  const child = spawn(findBinary(), ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const connection = new RpcConnection(child.stdout, child.stdin, () => {})
  await connection.request('initialize', { processId: process.pid, capabilities: {}, initializationOptions: { protocolVersion: 1 } })
  connection.notify('initialized', {})
  const optimizer = { browserHash: '3f9a1c07', optimized: [], discovered: [] }
  connection.notify('environment/didOpen', { name: 'worker', consumer: 'server', root: '/app', base: '/', optimizer })
  const times = []
  for (let request = 1; request <= admitTrips; request++) {
    const startedAt = performance.now()
    await connection.request('admit', { request })
    times.push(performance.now() - startedAt)
    connection.notify('request/didStart', { request, method: 'GET', url: '/' })
    connection.notify('request/didFinish', { request })
  }
  child.stdin.end()
  // The first ones find both ends cold.
  return times.slice(admitTrips / 10)
}

async function measureCrawl() {
  const app = await bigApp('worker', bigModules)
  try {
    // Both have their caches from a run before, so that the crawl is all that is new: at a cold start requests wait for it.
    return await withServers({ root: app.root, warm: true }, async (servers) => {
      await until('the crawl has begun', async () => (await transformed(servers.evenkeel)) > 0)
      const budget = performance.now() + 4_500
      const isOver = async () => performance.now() > budget || (await transformed(servers.evenkeel)) >= bigModules
      const times = await requestsInTurn(servers, '/', isOver, 500)
      return { ...times, transformed: await transformed(servers.evenkeel) }
    })
  } finally {
    await app.remove()
  }
}

async function withServers({ root, warm = false }, use) {
  const caches = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await newCacheDir()])))
  const start = (name) => startApp({ root, cacheDir: caches[name], env: stacks[name] })
  const servers = {}
  try {
    if (warm) {
      for (const name of names) {
        const primed = await start(name)
        await visitAll(primed, latePages).finally(primed.stop)
      }
    }
    for (const name of names) servers[name] = await start(name)
    return await use(servers)
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
    await Promise.all(Object.values(caches).map((cache) => rm(cache, { recursive: true, force: true })))
  }
}

/** Alternating requests meet the same noise. */
async function requestsInTurn(servers, path, isOver, most) {
  const times = emptySamples()
  for (let pair = 0; pair < most && !(await isOver()); pair++) {
    for (const name of inTurn(pair)) {
      const startedAt = performance.now()
      await visit(servers[name], path)
      times[name].push(performance.now() - startedAt)
    }
  }
  return times
}

function emptySamples() {
  return Object.fromEntries(names.map((name) => [name, []]))
}

/** Whoever comes second may profit from the first. */
function inTurn(turn) {
  return turn % 2 ? names.toReversed() : names
}

function report() {
  const compare = (samples, digits) => {
    const [bare, evenkeel] = names.map((name) => round(median(samples[name]), digits))
    return { bare, evenkeel, difference: round(evenkeel - bare, digits), ratio: round(evenkeel / bare, 2) }
  }
  const compareP99 = (samples) => {
    const [bare, evenkeel] = names.map((name) => round(percentile(samples[name], 0.99), 2))
    return { bare, evenkeel, difference: round(evenkeel - bare, 2), ratio: round(evenkeel / bare, 2) }
  }
  const ms = {
    'ready, cold': compare(ready.cold),
    'ready, warm': compare(ready.warm),
    'late page, first answer': compare(late),
    'warm page, p50': compare(gate, 2),
    'warm page, p99': compareP99(gate),
    'page during a crawl': compare(crawl, 2),
  }
  const result = {
    rounds,
    ms,
    lateRight: { bare: right.bare, evenkeel: right.evenkeel, of: rounds * latePages.length },
    admitMs: { p50: round(percentile(admit, 0.5), 3), p99: round(percentile(admit, 0.99), 3) },
    samples: { gate: gate.bare.length, crawl: crawl.bare.length, crawled: crawl.transformed },
  }
  if (options.json) return console.log(JSON.stringify(result))
  printTable(ms)
  const { lateRight, admitMs, samples } = result
  console.log(`late pages right: bare ${lateRight.bare}, evenkeel ${lateRight.evenkeel} of ${lateRight.of}`)
  console.log(`admit by itself: p50 ${admitMs.p50} ms, p99 ${admitMs.p99} ms`)
  console.log(`${samples.gate} warm pages of each; ${samples.crawl} pages during a crawl of ${samples.crawled} modules`)
}

function round(value, digits = 0) {
  return Number(value.toFixed(digits))
}
