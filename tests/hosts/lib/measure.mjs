import { cp, mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { removeAtExit, startApp } from '../../e2e/lib/app.mjs'
import { evenkeel } from '../../e2e/lib/command.mjs'
import { shows } from '../../e2e/lib/drafts.mjs'
import { hookErrors, reloads } from '../../e2e/lib/log.mjs'
import { binary } from '../../e2e/lib/paths.mjs'
import { visit } from '../../e2e/lib/visit.mjs'
import { until } from '../../e2e/lib/waiting.mjs'
import { hostNamed } from './hosts.mjs'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** Milliseconds from a save to the requests. */
const delays = [0, 50, 200, 1000]
/** Nobody waits longer for a page. */
const patience = 60_000

const beside = { expects: ['<h1>beside 42</h1>'] }

/** Starts a host on a copy of its app; whoever starts it closes it. */
export async function openHost(name, env) {
  const host = hostNamed(name)
  const { command, ready, file, draft } = host
  const root = await mkdtemp(path.join(folder, `.tmp-${host.folder}-`))
  removeAtExit(root)
  const save = (next) => writeFile(path.join(root, file), next.source)
  await cp(path.join(folder, host.folder), root, { recursive: true })
  await save(draft(0))
  const cacheDir = path.join(root, 'node_modules/.vite')
  const app = await startApp({ root, command, ready, cacheDir, env: { ...host.env, ...env, EVENKEEL_BINARY: binary } })
  return { app, save, close: app.stop }
}

/**
 * Saves late dependencies one after the other and asks for the page, and another one, while the optimizer is at work.
 * `watch` opens the app for somebody who waits for each save to be shown.
 */
export async function measure(name, { env, saves, watch }) {
  const { draft, spares, served } = hostNamed(name)
  const { app, save, close } = await openHost(name, env)
  try {
    const first = await askUntil(app, '/', served ?? draft(0))
    await askUntil(app, '/beside', beside)
    const shown = await watch?.(app)
    const asked = []
    for (let at = 0; at < saves; at++) {
      const next = draft(at + 1, [spares[at]])
      const ask = async (path, when, expected) => asked.push({ path, when, save: at + 1, expected, ...(await visit(app, path)) })
      await save(next)
      await pause(delays[at % delays.length])
      const others = Promise.all(delays.map(async (delay) => {
        await pause(delay)
        await ask('/beside', `after ${delay} ms`, beside)
      }))
      await ask('/', `after ${delays[at % delays.length]} ms`, served ?? next)
      await others
      // A page that was wrong becomes right after another reload, and visitors of the other page meet that one, too.
      await during(askUntil(app, '/', served ?? next), () => ask('/beside', 'after that', beside))
      await askUntil(app, '/beside', beside)
      await shown?.(next)
    }
    return { ...figures(app, first, asked), guarded: await guardedIn(app) }
  } finally {
    await close()
  }
}

/** Does something again and again until a promise is settled, once at least. */
async function during(promise, work) {
  let isPending = true
  const settled = promise.finally(() => (isPending = false))
  const working = (async () => {
    do await work()
    while (isPending)
  })()
  await Promise.all([settled, working])
}

/** The environments that Evenkeel guards; none where it is not there. */
async function guardedIn({ root }) {
  const { stdout } = await evenkeel('status', '--json', '--root', root)
  const { environments = [] } = JSON.parse(stdout || '{}')
  return environments.filter(({ guarded }) => guarded).map(({ name }) => name).toSorted()
}

async function askUntil(app, path, expected) {
  const startedAt = performance.now()
  let last
  const right = async () => shows(expected, (last = await visit(app, path)))
  await until(`${path} shows ${expected.expects}`, right, { within: patience, every: 100 }).catch((error) => {
    throw new Error(`${error.message}\n${last.status} ${last.text.slice(0, 2000)}\n${app.log()}`)
  })
  return Math.round(performance.now() - startedAt)
}

function figures(app, first, asked) {
  const wrong = asked.filter((answer) => !shows(answer.expected, answer))
  const slowest = (of) => Math.max(...of.map(({ ms }) => ms))
  return {
    asked: asked.length,
    wrong: wrong.map(({ path, when, save, status, ms }) => `save ${save}: ${path} ${when}: ${status} in ${ms} ms`),
    redirects: asked.reduce((sum, answer) => sum + answer.redirects, 0),
    hookErrors: hookErrors(app.log()),
    reloads: reloads(app.log()),
    slowest: slowest(asked),
    slowestBeside: slowest(asked.filter(({ path }) => path === '/beside')),
    first,
    ready: app.readyMs,
    log: app.log(),
  }
}
