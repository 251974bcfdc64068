// How long a page takes from the commit of a re-optimization to its right answer, on the bare stack with a person who retries
// at the very moment of the failure, with rwsdk's published retry plugin, and with Evenkeel: in turn, in one run.
//
//   node recovery.mjs [--json] [--rounds N]
//
// By default everything is added or foreseen; here both are turned off, so that recovery is what is measured. Only pages
// whose commit reloaded the environment count. The peers run with `ignoreOutdatedRequests` off, because rwsdk's plugin knows
// Vite's outdated error by its text and sees no error otherwise; Evenkeel and the bare stack are measured with the default, too.
import { parseArgs } from 'node:util'
import { getPages, keyOf } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { isRight } from '../e2e/lib/visit.mjs'
import { median, printTable } from './lib/report.mjs'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' } },
})

const recoveryOnly = JSON.stringify({ additive: false, foresee: false, log: 'warn' })
const stacks = {
  bare: { OUTDATED: 'strict' },
  rwsdk: { OUTDATED: 'strict', RETRY_PLUGIN: 'rwsdk' },
  evenkeel: { OUTDATED: 'strict', EVENKEEL: 'last', EVENKEEL_OPTIONS: recoveryOnly },
  bareDefault: {},
  evenkeelDefault: { EVENKEEL: 'last', EVENKEEL_OPTIONS: recoveryOnly },
}

/** As long as a person would keep trying. */
const patienceMs = 15_000

const samples = Object.fromEntries(Object.keys(stacks).map((stack) => [stack, []]))
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [stack, env] of Object.entries(stacks)) samples[stack].push(...(await measure(env)))
}
report()

async function measure(env) {
  const app = await startApp({ app: 'worker', env })
  const commits = watchCommits(app)
  try {
    await ask(app, { method: 'GET', path: '/', expect: '' })
    const measured = []
    for (const page of getPages) {
      const before = commits.length
      const asked = await ask(app, page)
      if (commits.length > before) measured.push({ page: keyOf(page), ...split(commits[before], asked) })
    }
    return measured
  } finally {
    await app.stop()
  }
}

/** When Vite said that it reloads, by this process's clock. */
function watchCommits(app) {
  const commits = []
  app.onLog((text) => {
    if (text.includes('optimized dependencies changed. reloading')) commits.push(performance.now())
  })
  return commits
}

/** Follows redirects, and asks again at once when the answer is wrong. */
async function ask(app, page) {
  const startedAt = performance.now()
  const steps = []
  let url = app.url + page.path
  for (;;) {
    const response = await fetch(url, { method: page.method, redirect: 'manual' })
    const text = await response.text()
    const at = performance.now()
    const right = isRight(page, { status: response.status, text })
    steps.push({ status: response.status, at, timing: response.headers.get('server-timing') })
    if (right || at - startedAt > patienceMs) return { startedAt, steps, right, at }
    const location = response.headers.get('location')
    if (location) url = new URL(location, url).href
  }
}

function split(commitAt, { startedAt, steps, right, at }) {
  const redirect = steps.find(({ status }) => status === 307)
  const verdict = /evenkeel-verdict;dur=([\d.]+)/.exec(redirect?.timing ?? '')?.[1]
  return {
    right,
    requests: steps.length,
    firstStatus: steps[0].status,
    total: at - startedAt,
    commitToAnswer: at - commitAt,
    commitToVerdict: verdict === undefined ? undefined : startedAt + Number(verdict) - commitAt,
    commitToRedirect: redirect && redirect.at - commitAt,
    redirectToAnswer: redirect && at - redirect.at,
  }
}

function report() {
  const summary = Object.fromEntries(Object.entries(samples).map(([stack, found]) => [stack, summarize(found)]))
  const ratio = (a, b) => round(summary[a].commitToAnswer / summary[b].commitToAnswer, 2)
  const result = {
    rounds: Number(options.rounds),
    ms: summary,
    ratios: {
      'evenkeel/rwsdk': ratio('evenkeel', 'rwsdk'),
      'evenkeel/bare': ratio('evenkeel', 'bare'),
      'evenkeelDefault/bareDefault': ratio('evenkeelDefault', 'bareDefault'),
    },
  }
  if (options.json) return console.log(JSON.stringify(result))
  printTable(summary)
  printTable({ ratio: result.ratios })
}

function summarize(found) {
  const times = (name) => found.map((sample) => sample[name]).filter((time) => time !== undefined)
  const names = ['commitToAnswer', 'commitToVerdict', 'commitToRedirect', 'redirectToAnswer', 'total']
  return {
    pages: found.length,
    right: found.filter(({ right }) => right).length,
    failedFirst: found.filter(({ firstStatus }) => firstStatus >= 500).length,
    ...Object.fromEntries(names.map((name) => [name, round(median(times(name)))])),
  }
}

function round(value, digits = 0) {
  return value === undefined ? undefined : Number(value.toFixed(digits))
}
