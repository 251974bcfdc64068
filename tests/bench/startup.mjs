// What Evenkeel costs when nothing goes wrong, and what it saves at a cold start: everything side by side with the bare stack,
// in turn, in one run.
//
//   node startup.mjs [--json] [--rounds N] [--only starts|gate|admit|crawl]
//
// - ready: from the start of Vite's process to "ready in", with and without a cache.
// - late pages: first answers at a cold start, page after page, whether they are right or not.
// - gate: a warm page of two stable servers, and the round trip of `admit` by itself.
// - crawl: warm starts of an app with 3 000 modules that only the crawl transforms, asked for a page meanwhile.
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
import { inTurn } from './lib/turns.mjs'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
})
const rounds = Number(options.rounds)
const gateRequests = rounds * 200
const warmPages = { 'warm page': '/', 'smallest answer': '/__counts' }
const admitTrips = 5_000
const bigModules = 3_000
/** A little less than the default of `foreseeBudget`, because it begins before the first request is sent. */
const crawlBudgetMs = 4_500

const stacks = { bare: {}, evenkeel: defaults({ log: 'warn' }) }
const names = Object.keys(stacks)

const measures = { starts: measureStarts, gate: measureGate, admit: measureAdmit, crawl: measureCrawl }
const asked = options.only ? [options.only] : Object.keys(measures)
const result = { rounds }
for (const name of asked) Object.assign(result, await measures[name]())
report()

async function measureStarts() {
  const samples = { 'ready, cold': emptySamples(), 'ready, warm': emptySamples(), 'late page, first answer': emptySamples() }
  const right = { bare: 0, evenkeel: 0, of: rounds * latePages.length }
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurn(round, names)) {
      const { cold, warm, results } = await startTwice(stacks[name])
      samples['ready, cold'][name].push(cold)
      samples['ready, warm'][name].push(warm)
      samples['late page, first answer'][name].push(...results.map(({ ms }) => ms))
      right[name] += results.filter((result) => isRight(result.page, result)).length
    }
  }
  return { starts: mapValues(samples, (times) => compare(times, median)), lateRight: right }
}

/** A cold start with all late pages, and a warm one with the cache that it left behind. */
async function startTwice(env) {
  const cacheDir = await newCacheDir()
  try {
    const cold = await startApp({ cacheDir, env })
    const results = await visitAll(cold, latePages).finally(cold.stop)
    const warm = await startApp({ cacheDir, env })
    await warm.stop()
    return { cold: cold.readyMs, warm: warm.readyMs, results }
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}

/** Beside a second bare server, which shows what the noise alone makes of two equal ones. */
async function measureGate() {
  const contestants = { ...stacks, control: stacks.bare }
  return withServers({ contestants }, async (servers) => {
    for (const server of Object.values(servers)) await visitAll(server, [...latePages, ...latePages])
    const gate = {}
    for (const [name, path] of Object.entries(warmPages)) {
      const times = emptySamples(contestants)
      await requestsInTurn(servers, path, () => times.bare.length >= gateRequests, times)
      for (const share of [0.5, 0.99]) {
        const { control, ...row } = compare(times, (numbers) => percentile(numbers, share))
        gate[`${name}, p${share * 100}`] = { ...row, noise: round(control - row.bare, 2) }
      }
    }
    return { gate }
  })
}

/** The round trip that every request pays, by the very client that it is paid with. */
async function measureAdmit() {
  const child = spawn(findBinary(), ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const connection = new RpcConnection(child.stdout, child.stdin, () => {})
  await connection.request('initialize', { processId: process.pid, capabilities: {}, initializationOptions: { protocolVersion: 2 } })
  connection.notify('initialized', {})
  const optimizer = { browserHash: '3f9a1c07', optimized: [], discovered: [] }
  connection.notify('environment/didOpen', { name: 'worker', consumer: 'server', root: '/app', base: '/', optimizer })
  const times = []
  for (let request = 1; request <= admitTrips; request++) {
    const startedAt = performance.now()
    await connection.request('admit', { request, method: 'GET', url: '/' })
    times.push(performance.now() - startedAt)
    connection.notify('request/didFinish', { request })
  }
  child.stdin.end()
  // The first ones find both ends cold.
  const counted = times.slice(admitTrips / 10)
  return { admitMs: { p50: round(median(counted), 3), p99: round(percentile(counted, 0.99), 3) } }
}

async function measureCrawl() {
  const app = await bigApp('worker', bigModules)
  const during = emptySamples()
  const behind = emptySamples()
  const crawled = []
  try {
    await withCaches(async (caches) => {
      // Both have their caches from a run before: at a cold start the optimizer's first run would be what is measured.
      for (const name of names) {
        const primed = await startApp({ root: app.root, cacheDir: caches[name], env: stacks[name] })
        await visitAll(primed, latePages).finally(primed.stop)
      }
      for (let round = 0; round < rounds; round++) {
        await withServers({ root: app.root, caches }, async (servers) => {
          const { evenkeel } = servers
          await until('the crawl has begun', async () => (await transformed(evenkeel)) > 0)
          const budgetEnds = performance.now() + crawlBudgetMs
          const isOver = async () => performance.now() > budgetEnds || (await transformed(evenkeel)) >= bigModules
          await requestsInTurn(servers, '/', isOver, during)
          crawled.push(await transformed(evenkeel))
          await until('the crawl is over', () => performance.now() > budgetEnds + 1_000)
          const enough = behind.bare.length + during.bare.length / (round + 1)
          await requestsInTurn(servers, '/', () => behind.bare.length >= enough, behind)
        })
      }
    })
    const pages = { 'during a crawl': compare(during, median), 'behind it': compare(behind, median) }
    return { crawl: pages, pagesDuringCrawl: during.bare.length, crawled: median(crawled) }
  } finally {
    await app.remove()
  }
}

async function withCaches(use) {
  const caches = {}
  try {
    for (const name of names) caches[name] = await newCacheDir()
    return await use(caches)
  } finally {
    for (const cache of Object.values(caches)) await rm(cache, { recursive: true, force: true })
  }
}

async function withServers({ root, caches = {}, contestants = stacks }, use) {
  const servers = {}
  try {
    for (const [name, env] of Object.entries(contestants)) {
      servers[name] = await startApp({ root, cacheDir: caches[name], env })
    }
    return await use(servers)
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  }
}

/** Alternating requests meet the same noise. */
async function requestsInTurn(servers, path, isOver, times) {
  for (let pair = 0; !(await isOver()); pair++) {
    for (const name of inTurn(pair, Object.keys(servers))) {
      const startedAt = performance.now()
      await visit(servers[name], path)
      times[name].push(performance.now() - startedAt)
    }
  }
}

function emptySamples(contestants = stacks) {
  return mapValues(contestants, () => [])
}

function compare(times, summarize) {
  const summary = mapValues(times, (numbers) => round(summarize(numbers), 2))
  const { bare, evenkeel } = summary
  return { ...summary, difference: round(evenkeel - bare, 2), ratio: round(evenkeel / bare, 2) }
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))
}

function round(value, digits) {
  return Number(value.toFixed(digits))
}

function report() {
  if (options.json) return console.log(JSON.stringify(result))
  const { starts, lateRight, gate, admitMs, crawl, pagesDuringCrawl, crawled } = result
  const rows = { ...starts, ...gate }
  for (const [when, row] of Object.entries(crawl ?? {})) rows[`page ${when}`] = row
  printTable(rows)
  if (lateRight) console.log(`late pages right: bare ${lateRight.bare}, evenkeel ${lateRight.evenkeel} of ${lateRight.of}`)
  if (gate) console.log('noise: the same difference between two bare servers')
  if (admitMs) console.log(`admit by itself: p50 ${admitMs.p50} ms, p99 ${admitMs.p99} ms`)
  if (crawl) console.log(`${pagesDuringCrawl} pages of each during a crawl of ${crawled} modules`)
}
