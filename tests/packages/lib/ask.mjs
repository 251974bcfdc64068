import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { binary } from '../../e2e/lib/paths.mjs'
import { endWithUs, killGroup } from '../../e2e/lib/process-group.mjs'
import { bundledModules } from './bundled-modules.mjs'

const program = fileURLToPath(new URL('ask-all.mjs', import.meta.url))
// Inside node_modules, as Vite's default is.
const caches = fileURLToPath(new URL('../node_modules/.vite-packages/', import.meta.url))
// The first answer waits for stock Vite's bundle of the whole list.
const patience = 300_000
/** How long a process that is told to end may take for its browser. */
const farewell = 5_000

/**
 * Asks late modules on a server of their own. `modules` is their code by path, `asked` the paths in order, `include` what stock Vite
 * bundles at once before. `on` names a stack of tests/versions whose Vite it is. A module that has not answered within the `deadline`
 * is `unanswered`; its process is ended, and a fresh one is asked the rest.
 */
export async function askAll({ asked, deadline = patience, ...request }) {
  const runs = []
  const answers = []
  while (answers.length < asked.length) {
    const run = await askSome({ ...request, asked: asked.slice(answers.length) }, deadline)
    runs.push(run)
    answers.push(...run.answers)
    if (run.isLate) answers.push({ module: asked[answers.length], unanswered: `no answer within ${deadline} ms`, ms: deadline, trouble: [] })
  }
  return { ...together(runs), answers }
}

/** Asks one process until it has answered everything, or is late. */
async function askSome({ on, ...request }, deadline) {
  await mkdir(caches, { recursive: true })
  const cacheDir = await mkdtemp(path.join(caches, 'run-'))
  const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', ...(on && { LATE_STACK: on, EVENKEEL_BINARY: binary }) }
  // A group of its own, so that a worker that never ends, either, is ended with it.
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env, detached: true })
  endWithUs(child)
  try {
    const run = await conversation(child, { ...request, cacheDir }, deadline)
    return { ...run, bundled: run.folder ? await bundledModules(run.folder) : {} }
  } finally {
    await rm(cacheDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

function conversation(child, request, deadline) {
  const answers = []
  let last = { optimized: [], metTwice: [], reloads: 0, starts: 1, printed: '' }
  let isOpen = false
  let isLate = false
  return new Promise((resolve, reject) => {
    const late = async () => {
      isLate = true
      child.kill('SIGTERM')
      await sleep(farewell)
      killGroup(child)
    }
    let timer = setTimeout(late, patience)
    child.on('message', ({ answer, seen }) => {
      if (isLate) return
      clearTimeout(timer)
      timer = setTimeout(late, deadline)
      isOpen = true
      if (!answer) return
      answers.push(answer)
      last = seen
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      killGroup(child)
      const hasAnswered = answers.length === request.asked.length
      if (!isOpen || (!isLate && (code !== 0 || !hasAnswered))) return reject(new Error(`asking the modules on the side ${request.side} failed (${code})\n${last.printed}`))
      resolve({ ...last, answers, isLate: isLate && !hasAnswered })
    })
    child.send(request)
  })
}

function together(runs) {
  const all = (what) => runs.flatMap((run) => run[what])
  const bundled = {}
  // The same files of two servers are not two copies.
  for (const [module, files] of runs.flatMap((run) => Object.entries(run.bundled))) {
    if (files.length > (bundled[module]?.length ?? 0)) bundled[module] = files
  }
  return {
    bundled,
    optimized: [...new Set(all('optimized'))],
    metTwice: all('metTwice'),
    reloads: all('reloads').reduce((sum, count) => sum + count, 0),
    starts: Math.max(...all('starts')),
    printed: all('printed').join(''),
  }
}
