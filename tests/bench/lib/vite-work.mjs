// A server that is asked as a browser would, without one: what it computes is then its own work alone.
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../e2e/lib/waiting.mjs'

const quietMs = 200

/** Fetches a module, and the optimized files that it imports: Vite answers for those when the run that makes them is committed. */
export async function fetchWithDeps(app, path) {
  const response = await fetch(app.url + path)
  const code = await response.text()
  const imports = code.matchAll(/["'](\/[^"']*\/deps\/[^"']+)["']/g)
  const answers = await Promise.all([...new Set([...imports].map(([, file]) => file))].map((file) => fetch(app.url + file)))
  await Promise.all(answers.map((answer) => answer.text()))
}

export async function cpuOf(app) {
  const response = await fetch(`${app.url}/__cpu`)
  return Number(await response.text())
}

/** Resolves once the server computes nothing any more. */
export async function untilIdle(app) {
  await until('the server is idle', async () => {
    const before = await cpuOf(app)
    await pause(quietMs)
    return (await cpuOf(app)) - before < quietMs / 20
  })
}

/** What a piece of work costs the server until it is idle again, and how long it takes to be done. */
export async function costOf(app, work) {
  const before = await cpuOf(app)
  const startedAt = performance.now()
  await work()
  const wall = performance.now() - startedAt
  await untilIdle(app)
  return { cpu: (await cpuOf(app)) - before, wall }
}
