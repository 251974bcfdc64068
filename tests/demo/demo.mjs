// The same app on the real stack, without and with Evenkeel: `node demo.mjs [--keep] [--json]`.
import { parseArgs } from 'node:util'
import { keyOf, latePages } from '../apps/pages/table.mjs'
import { median, printTable } from '../bench/lib/report.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { counts, isRight, visit, visitAll } from '../e2e/lib/visit.mjs'

const { values: options } = parseArgs({ options: { keep: { type: 'boolean' }, json: { type: 'boolean' } } })
const say = (text) => options.json || console.log(text)

say(`A worker with ${latePages.length} pages, each with a dependency that Vite meets late. Cold cache, first visits.\n`)
const without = await run({}, 'without Evenkeel')
const guarded = await run({ EVENKEEL: 'last', EVENKEEL_OPTIONS: JSON.stringify({ log: 'warn' }) }, 'with Evenkeel')
report()
if (options.keep) await keep(guarded.app)
else await guarded.app.stop()

async function run(env, name) {
  say(`… ${name}`)
  const app = await startApp({ app: 'worker', env })
  try {
    await visit(app, '/')
    const results = await visitAll(app, latePages)
    const started = await counts(app)
    if (name.startsWith('without')) await app.stop()
    return { app, readyMs: app.readyMs, results, started }
  } catch (error) {
    await app.stop()
    throw error
  }
}

function report() {
  const summary = { 'without Evenkeel': summarize(without), 'with Evenkeel': summarize(guarded) }
  if (options.json) return console.log(JSON.stringify(summary))
  const rows = latePages.map((page, index) => [
    keyOf(page),
    { dependency: page.dep, without: outcome(without.results[index]), with: outcome(guarded.results[index]) },
  ])
  printTable(Object.fromEntries(rows))
  printTable(summary)
}

function outcome(result) {
  const via = result.redirects > 0 ? ` after ${result.redirects} redirect` : ''
  return `${isRight(result.page, result) ? 'right' : `WRONG (${result.status})`}${via}, ${result.ms} ms`
}

function summarize({ results, started, readyMs }) {
  const right = results.filter((result) => isRight(result.page, result))
  const actions = results.filter(({ page }) => page.method === 'POST')
  const times = results.map(({ ms }) => ms)
  return {
    'first answer right': `${right.length}/${results.length}`,
    'POST ran once': `${actions.filter(({ page }) => started[keyOf(page)] === 1).length}/${actions.length}`,
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
