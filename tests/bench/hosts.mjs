// Whether a framework is slower with Evenkeel: its start, its first page, and its slowest answers while late dependencies are saved.
// Vite alone and with Evenkeel by turns, in one run, on a machine that has other things to do.
//
//   node hosts.mjs [--json] [--rounds N] [--host NAME]... [--load NAME]...
//
// Two starts of the same server differ by a third. So Vite alone is measured twice in each round, and "noise" is what the second is by
// the first: a ratio says something only if it is further from 1. "worst" compares the slowest of all rounds.
import { parseArgs } from 'node:util'
import { defaults } from '../e2e/lib/guarded.mjs'
import { hosts } from '../hosts/lib/hosts.mjs'
import { loads, measureUnder } from '../hosts/lib/loads.mjs'
import { median, printTable, round } from './lib/report.mjs'
import { inTurn } from './lib/turns.mjs'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '6' },
    host: { type: 'string', multiple: true, default: Object.keys(hosts) },
    load: { type: 'string', multiple: true, default: ['slow transforms', 'busy processors'] },
  },
})
expectNames('--host', options.host, hosts)
expectNames('--load', options.load, loads)

const stacks = { bare: {}, evenkeel: defaults({ log: 'warn' }), again: {} }
const figures = ['ready', 'first', 'slowest', 'slowestBeside']

const rows = {}
for (const host of options.host) {
  for (const load of options.load) {
    const samples = await byTurns(host, load)
    for (const figure of figures) rows[`${host}, ${load}: ${figure}`] = compared(samples, figure)
  }
}
if (options.json) console.log(JSON.stringify({ rounds: Number(options.rounds), rows }))
else printTable(rows)

async function byTurns(host, load) {
  const samples = { bare: [], evenkeel: [], again: [] }
  for (let at = 0; at < Number(options.rounds); at++) {
    for (const name of inTurn(at, Object.keys(stacks))) {
      samples[name].push(await measureUnder(load, host, stacks[name]))
    }
    if (!options.json) console.error(`… ${host}, ${load}, round ${at + 1} of ${options.rounds}`)
  }
  return samples
}

function compared(samples, figure) {
  const { bare, evenkeel, again } = Object.fromEntries(
    Object.entries(samples).map(([name, results]) => [name, results.map((result) => result[figure])]),
  )
  const ratio = (one) => round(median(one.map((ms, at) => ms / bare[at])), 2)
  const worst = round(Math.max(...evenkeel) / Math.max(...bare, ...again), 2)
  return { bare: Math.round(median(bare)), evenkeel: Math.round(median(evenkeel)), ratio: ratio(evenkeel), noise: ratio(again), worst }
}

function expectNames(option, names, known) {
  for (const name of names) {
    if (Object.hasOwn(known, name)) continue
    console.error(`${option} ${name}: there is none; there are ${Object.keys(known).join(', ')}`)
    process.exit(2)
  }
}
