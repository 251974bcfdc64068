// A busy team at work on a real app: `node soak.mjs [--minutes N] [--bare] [--seed N] [--json]`. With Evenkeel nothing may go
// wrong; a fifth of the time goes to the same without it, where something has to, or the soak shows nothing.
import { parseArgs } from 'node:util'
import { printTable } from '../bench/lib/report.mjs'
import { burdenProcessors } from './lib/load.mjs'
import { randomFrom } from './lib/random.mjs'
import { violations } from './lib/judge.mjs'
import { soakRound } from './lib/round.mjs'
import { Tally } from './lib/tally.mjs'

const longestRoundMinutes = 5

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    bare: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const minutes = Number(options.minutes)
const seed = Number(options.seed)
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed take a number')
const say = (text) => options.json || console.log(text)

const guarded = options.bare ? undefined : await soak('with Evenkeel', { guarded: true, minutes })
const bare = await soak('without Evenkeel', { guarded: false, minutes: options.bare ? minutes : Math.max(1, minutes / 5) })
if (options.json) console.log(JSON.stringify({ seed, guarded: guarded && summary(guarded), bare: summary(bare) }))
process.exit(verdict())

async function soak(title, { guarded, minutes }) {
  say(`… ${title}, ${minutes} minutes, seed ${seed}`)
  const tally = new Tally()
  const rounds = Math.ceil(minutes / longestRoundMinutes)
  const unburden = burdenProcessors()
  try {
    for (let round = 0; round < rounds; round++) {
      const ms = (minutes / rounds) * 60_000
      const random = randomFrom(seed).beside(round)
      await soakRound({ guarded, name: `round-${round}`, random, ms, tally, kills: round % 2 === 1 })
    }
  } finally {
    unburden()
  }
  if (!options.json) report(title, tally)
  return tally
}

function report(title, tally) {
  console.log(`\n${title}`)
  printTable(tally.rows())
  console.log('outcomes', tally.outcomes)
  console.log('works', tally.works)
}

/** What was printed around something. */
function tell(title, { what, log }) {
  console.log(`\n${title}: ${what}\n${log.map((line) => `    ${line}`).join('\n')}`)
}

function summary(tally) {
  const { outcomes, works, failures } = tally
  return { figures: tally.rows(), outcomes, works, failures }
}

/** The exit code: a guarded run may violate nothing, and beside it the bare one has to. */
function verdict() {
  const failures = bare.outcomes['re-optimization'] ?? 0
  say(`\nwithout Evenkeel: ${failures} failures that a re-optimization caused`)
  if (!guarded) return 0
  const violated = guarded.violated()
  if (!options.json) {
    tell('slowest of the right answers outside of mishaps', guarded.slowest)
    for (const failure of guarded.failures) if (violations.includes(failure.outcome)) tell(failure.outcome, failure)
  }
  say(`with Evenkeel: ${violated.join(', ') || 'nothing went wrong'}; known limits: ${guarded.limited().join(', ') || 'none met'}`)
  if (failures === 0) say('without Evenkeel nothing failed either: this soak shows nothing')
  return violated.length === 0 && failures > 0 ? 0 : 1
}
