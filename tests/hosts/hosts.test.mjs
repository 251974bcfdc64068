// Frameworks that people use, each as a small app: late dependencies are saved into a page, and requests come while the optimizer is
// at work. The bare stack is measured in the same run, so that nothing passes here because nothing happened.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { keepBusy } from './lib/busy.mjs'
import { hosts } from './lib/hosts.mjs'
import { measure } from './lib/measure.mjs'

const rows = {}
/** How much longer the slowest answer takes with Evenkeel than without, by host and load. */
const ratios = {}
after(() => {
  console.table(rows)
  console.table(ratios)
})

const loads = {
  idle: { saves: 4, env: {} },
  'slow transforms': { saves: 2, env: { SLOW_TRANSFORM_MS: '900' } },
  'busy processors': { saves: 4, env: {}, loops: 4 },
}

/** Which loads a host is put under; `HOSTS_LOAD=all` puts every host under all of them. */
const loadsOf = (name) => (process.env.HOSTS_LOAD === 'all' ? Object.keys(loads) : (hosts[name].loads ?? ['idle']))

for (const name of Object.keys(hosts)) {
  for (const load of loadsOf(name)) {
    describe(`${name}, ${load}`, () => {
      test('without Evenkeel answers are wrong', async () => {
        const bare = await measured(name, load, 'bare', {})
        if (load === 'idle') assert.notDeepEqual(bare.wrong, [], 'this shows nothing on a host that is right by itself')
      })

      test('where runs add, with nothing else, all are right and nothing reloads', async () => {
        const options = JSON.stringify({ foresee: false, hold: false, recover: false })
        const adding = await measured(name, load, 'additive alone', { EVENKEEL_OPTIONS: options })
        assert.deepEqual(adding.wrong, [], adding.log)
        const { redirects, reloads, hookErrors } = adding
        assert.deepEqual({ redirects, reloads, hookErrors }, { redirects: 0, reloads: 0, hookErrors: 0 }, adding.log)
      })

      // How long it takes is printed beside: on a busy machine, times say little of one run.
      test('with Evenkeel all are right', async () => {
        const guarded = await measured(name, load, 'guarded', { EVENKEEL_OPTIONS: '{}' })
        assert.deepEqual(guarded.wrong, [], guarded.log)
        // A request that was inside when the generation changed says so in the terminal, and is re-issued.
        if (guarded.redirects === 0) assert.equal(guarded.hookErrors, 0, guarded.log)
      })
    })
  }
}

async function measured(name, load, stack, env) {
  const { saves, loops = 0, env: loadEnv } = loads[load]
  const idle = keepBusy(loops)
  try {
    const result = await measure(name, { env: { ...loadEnv, ...env }, saves })
    const { asked, wrong, hookErrors, redirects, slowest, slowestBeside, first, ready } = result
    const row = (ratios[`${name}, ${load}`] ??= {})
    row[stack] = slowest
    if (row.bare && row.guarded) row.ratio = Number((row.guarded / row.bare).toFixed(2))
    rows[`${name}, ${load}, ${stack}`] = { right: `${asked - wrong.length}/${asked}`, hookErrors, redirects, slowest, slowestBeside, first, ready }
    return result
  } finally {
    idle()
  }
}
