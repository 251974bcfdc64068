// Frameworks that people use, each as a small app: late dependencies are saved into a page, and requests come while the optimizer is
// at work. Where runs add, nobody notices. The bare stack is measured in the same run, so that nothing passes here because nothing
// happened.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { hosts } from './lib/hosts.mjs'
import { loads, measureUnder } from './lib/loads.mjs'

const isAll = process.env.HOSTS_LOAD === 'all'
const rows = {}
/** The slowest answers by host and load, and how many times the bare stack's they are: times say little of one run and are not asserted. */
const ratios = {}
after(() => {
  console.table(rows)
  console.table(ratios)
})

const stacks = {
  'as it comes': {},
  'adding alone': { foresee: false, hold: false, recover: false },
}

/** Adding is what has to be right by itself; the whole is tried where nothing else is going on. */
const stacksUnder = (load) => Object.entries(stacks).filter(([stack]) => load === 'idle' || isAll || stack === 'adding alone')

/** Which loads a host is put under; `HOSTS_LOAD=all` puts every host under all of them. */
const loadsOf = (name) => (isAll ? Object.keys(loads) : (hosts[name].loads ?? ['idle']))

for (const name of Object.keys(hosts)) {
  for (const load of loadsOf(name)) {
    describe(`${name}, ${load}`, () => {
      if (load === 'idle') {
        test('without Evenkeel answers are wrong', async () => {
          const bare = await measured(name, load, 'bare', {})
          assert.notDeepEqual(bare.wrong, [], 'this shows nothing on a host that is right by itself')
        })
      } else if (isAll) {
        // Slow as it is, it may be right by itself; its times are what Evenkeel's are compared with.
        before(() => measured(name, load, 'bare', {}))
      }

      for (const [stack, options] of stacksUnder(load)) {
        test(`with Evenkeel, ${stack}, all are right and nothing reloads`, async () => {
          const { wrong, redirects, reloads, hookErrors, guarded, log } = await measured(name, load, stack, { EVENKEEL_OPTIONS: JSON.stringify(options) })
          assert.deepEqual({ wrong, redirects, reloads, hookErrors }, { wrong: [], redirects: 0, reloads: 0, hookErrors: 0 }, log)
          assert.deepEqual(guarded, hosts[name].guarded)
        })
      }
    })
  }
}

async function measured(name, load, stack, env) {
  const result = await measureUnder(load, name, env)
  const { asked, wrong, hookErrors, redirects, slowest, slowestBeside, first, ready } = result
  const row = (ratios[`${name}, ${load}`] ??= {})
  row[stack] = slowest
  if (row.bare && stack !== 'bare') row[`${stack} / bare`] = Number((slowest / row.bare).toFixed(2))
  rows[`${name}, ${load}, ${stack}`] = { right: `${asked - wrong.length}/${asked}`, hookErrors, redirects, slowest, slowestBeside, first, ready }
  return result
}
