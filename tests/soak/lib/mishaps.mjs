// What goes wrong on a working day: Vite restarts, and the sidecar is killed or stopped.
import { sidecarOf } from '../../e2e/lib/processes.mjs'
import { printed, until } from '../../e2e/lib/waiting.mjs'
import { visit } from '../../e2e/lib/visit.mjs'

const backWithinMs = 60_000

export function startMishaps(site, random) {
  const restarts = repeat(site, random.beside(2_000), [45_000, 75_000], restart)
  // A minute of health lies between two deaths, so that each is forgiven.
  const deaths = site.guarded ? repeat(site, random.beside(2_001), [65_000, 100_000], killOrStop) : undefined
  return [restarts, deaths].filter(Boolean)
}

async function repeat(site, random, [least, most], mishap) {
  while (await site.goesOnFor(random.between(least, most))) await mishap(site, random)
}

async function restart(site, random) {
  const isCold = random.below(2) === 0
  const close = site.windows.open('Vite restarts')
  const from = performance.now()
  site.diary.note(`[soak] ${isCold ? 'cold' : 'warm'} restart`)
  try {
    const restarted = printed(site.app, /server restart(?:ed|.* fail)/, { within: backWithinMs })
    await (isCold ? site.coldStart() : site.warmStart())
    const [said] = await restarted
    if (said !== 'server restarted') site.tally.happened('restart failed', said, site, from)
    await untilHome(site)
    site.tally.did(isCold ? 'coldRestart' : 'warmRestart')
  } catch (error) {
    site.tally.happened('not back', `Vite: ${error.message}`, site, from)
  }
  close()
}

async function killOrStop(site, random) {
  const sidecar = sidecarOf(site.app.pid)
  const from = performance.now()
  if (!sidecar) return site.tally.happened('not back', 'there is no sidecar', site, from)
  const signal = random.of(['SIGKILL', 'SIGSTOP'])
  const close = site.windows.open(`the sidecar got ${signal}`)
  site.diary.note(`[soak] ${signal} to the sidecar`)
  try {
    process.kill(sidecar, signal)
    await until('another sidecar runs', () => ![undefined, sidecar].includes(sidecarOf(site.app.pid)))
    await untilHome(site)
    site.tally.did(signal)
  } catch (error) {
    site.tally.happened('not back', `after ${signal}: ${error.message}`, site, from)
  }
  close()
}

const untilHome = (site) =>
  until('the home page is there', async () => (await visit(site.app, '/', { signal: AbortSignal.timeout(15_000) })).status === 200, {
    within: backWithinMs,
    every: 100,
  })
