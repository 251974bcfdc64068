// The same app on the real stack, without Evenkeel, with nothing of it but runs that add, and with all of it: `node demo.mjs [--keep] [--json]`.
import { parseArgs } from 'node:util'
import { keyOf, latePages } from '../apps/pages/table.mjs'
import { median, printTable } from '../bench/lib/report.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { reloads } from '../e2e/lib/log.mjs'
import { counts, isRight, visit, visitAll } from '../e2e/lib/visit.mjs'

const { values: options } = parseArgs({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' } } })
const say = (text) => options.json || console.log(text)

say(`A worker with ${latePages.length} pages, each with a dependency that Vite meets late. Cold cache, first visits.\n`)
const without = await run({}, 'without Evenkeel')
await without.app.stop()
const adding = await run(withEvenkeel({ foresee: false, hold: false, recover: false }), 'where runs add, with nothing else')
await adding.app.stop()
const guarded = await run(withEvenkeel({}), 'with Evenkeel')
report()
if (options.keep) await keep(guarded.app)
else await guarded.app.stop()

function withEvenkeel(options) {
  return { EVENKEEL: 'last', EVENKEEL_OPTIONS: JSON.stringify({ log: 'warn', ...options }) }
}

async function run(env, name) {
  say(`… ${name}`)
  const app = await startApp({ app: 'worker', env })
  try {
    await visit(app, '/')
    const results = await visitAll(app, latePages)
    const started = await counts(app)
    return { app, readyMs: app.readyMs, results, started, reloads: reloads(app.log()) }
  } catch (error) {
    await app.stop()
    throw error
  }
}

function report() {
  const summary = { 'without Evenkeel': summarize(without), 'additive alone': summarize(adding), 'with Evenkeel': summarize(guarded) }
  if (options.json) return console.log(JSON.stringify(summary))
  const rows = latePages.map((page, index) => [
    keyOf(page),
    {
      dependency: page.dep,
      without: outcome(without.results[index]),
      additive: outcome(adding.results[index]),
      with: outcome(guarded.results[index]),
    },
  ])
  printTable(Object.fromEntries(rows))
  printTable(summary)
}

function outcome(result) {
  const via = result.redirects > 0 ? ` after ${result.redirects} redirect` : ''
  return `${isRight(result.page, result) ? 'right' : `WRONG (${result.status})`}${via}, ${result.ms} ms`
}

function summarize({ results, started, reloads, readyMs }) {
  const right = results.filter((result) => isRight(result.page, result))
  const actions = results.filter(({ page }) => page.method === 'POST')
  const times = results.map(({ ms }) => ms)
  return {
    'first answer right': `${right.length}/${results.length}`,
    'POST ran once': `${actions.filter(({ page }) => started[keyOf(page)] === 1).length}/${actions.length}`,
    reloads,
    redirects: results.reduce((sum, { redirects }) => sum + redirects, 0),
    'median ms': Math.round(median(times)),
    'slowest ms': Math.max(...times),
    'ready ms': readyMs,
  }
}

/** Leaves the server to the user until they end it. */
async function keep(app) {
  say(`\nThe guarded server is running at ${app.url}. Press Ctrl-C to end it.`)
  await app.exited
}
