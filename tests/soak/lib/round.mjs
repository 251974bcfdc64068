// One server's life under load, from a cold start to its end.
import { setTimeout as pause } from 'node:timers/promises'
import { childrenOf, commandOf, isRunning } from '../../e2e/lib/processes.mjs'
import { until } from '../../e2e/lib/waiting.mjs'
import { startClients } from './clients.mjs'
import { startHands } from './hands.mjs'
import { openLedger } from './ledger.mjs'
import { startMishaps } from './mishaps.mjs'
import { openSite } from './site.mjs'
import { Windows } from './windows.mjs'

/** `kills` ends Vite by SIGKILL instead of asking it to end. */
export async function soakRound({ guarded, name, random, ms, tally, kills }) {
  const endsAt = performance.now() + ms
  const ledger = await openLedger()
  const site = Object.assign(await openSite({ guarded, random }), { guarded, name, tally, ledger, windows: new Windows(), ending: false })
  site.pages = site.slots.filter((slot) => !slot.isHome)
  site.goesOnFor = async (pauseMs) => {
    if (performance.now() + pauseMs > endsAt) return false
    await pause(pauseMs)
    return !site.ending
  }
  const processes = watchProcesses(site)
  const crashed = site.app.exited.then(() => {
    if (!site.ending) tally.happened('crash', `Vite ended by itself (${site.app.log().slice(-600)})`, site, performance.now())
    site.ending = true
  })
  try {
    const working = [...startMishaps(site, random), ...startHands(site, random), ...startClients(site, random)]
    await Promise.race([pause(endsAt - performance.now()), crashed])
    site.ending = true
    await Promise.all(working)
    countActions(site)
    await end(site, kills)
    await processes.allEnded(kills)
    // What is kept of the log is taken a second after what it is about.
    await pause(1_000)
  } finally {
    site.ending = true
    processes.stop()
    await site.app.stop()
    await site.remove()
    ledger.close()
  }
}

function countActions({ ledger, tally, ...site }) {
  for (const { id, started, acted } of ledger.all()) {
    if (acted > 1) tally.happened('ran twice', `${id} started ${started} times and acted ${acted} times`, site, performance.now())
    else if (started > 1) tally.did('startedTwiceActedOnce')
  }
}

async function end({ app, tally, ...site }, kills) {
  if (kills) {
    process.kill(app.pid, 'SIGKILL')
    return app.exited
  }
  const { forced } = await app.stop()
  if (forced) tally.happened('orphan', 'Vite did not end when it was asked to', site, performance.now())
}

/** All that Vite starts, as long as it runs: who is left over has no parent any more that tells of it. */
function watchProcesses(site) {
  const seen = new Map()
  const look = () => childrenOf(site.app.pid).forEach((pid) => seen.set(pid, commandOf(pid)))
  const timer = setInterval(look, 1_000)
  look()
  return {
    stop: () => clearInterval(timer),
    async allEnded(killed) {
      clearInterval(timer)
      const left = () => [...seen].filter(([pid, command]) => isRunning(pid) && commandOf(pid) === command)
      // A Vite that is killed has no chance to end workerd, with Evenkeel or without.
      const isOurs = ([, command]) => !killed || command.endsWith('/evenkeel serve')
      await until('all processes have ended', () => !left().some(isOurs), { within: 5_000 }).catch(() => {})
      for (const [pid, command] of left()) {
        if (isOurs([pid, command])) site.tally.happened('orphan', `${pid} ${command}`, site, performance.now())
        process.kill(pid, 'SIGKILL')
      }
    },
  }
}
