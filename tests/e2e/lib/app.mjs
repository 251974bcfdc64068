import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { freePort, untilPortIsFree } from './free-port.mjs'
import * as checkout from './paths.mjs'
import { endWithUs, killGroup } from './process-group.mjs'

const viteCommand = ({ viteBin }) => [viteBin, '--host', '127.0.0.1', '--strictPort']
const readyDeadline = 60_000
const stopDeadline = 10_000

// A harness that ends early must not leave them behind, either. Its servers have been killed by then.
const untilExit = new Set()
process.on('exit', () => untilExit.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/**
 * Has a folder removed when the process exits. Right after many files were deleted, ext4 takes ten times as long to create one: who
 * measures a cold start must not have removed the cache of the one before.
 */
export function removeAtExit(folder) {
  untilExit.add(folder)
}

/**
 * The app's folder under another name beside it: the same depth, so that `../routes` and node_modules are found as before.
 * Give the result to `startApp` as `root`, save into it, and remove it with `remove()`.
 */
export async function copyApp(app, { appsFolder } = checkout) {
  const root = await mkdtemp(path.join(appsFolder, `.tmp-${app}-`))
  await cp(path.join(appsFolder, app), root, {
    recursive: true,
    filter: (file) => !['node_modules', '.wrangler', 'dist'].includes(path.basename(file)),
  })
  return { root, remove: () => rm(root, { recursive: true, force: true }) }
}

/**
 * Starts real Vite on a fixture and resolves once it answers.
 * `command` is what Node runs, with a port of its own; by default Vite itself. `ready` is what it prints once it listens.
 * A `cacheDir` of the caller's is kept (a warm start is a second run with it); otherwise the run is cold.
 * A `stack` names another Vite and Node than the checkout's, and the copies of the fixtures that find it.
 */
export async function startApp({
  app = 'worker',
  stack = checkout,
  root = path.join(stack.appsFolder, app),
  env = {},
  cacheDir,
  command = viteCommand(stack),
  ready = /ready\s+in\s+\d/,
} = {}) {
  const cache = cacheDir ?? (await newCacheDir())
  if (!cacheDir) removeAtExit(cache)
  return untilPortIsFree(() => startOnce({ stack, root, env, cache, command, ready }))
}

/** For runs that share a cache; whoever asks for one removes it. */
export async function newCacheDir() {
  await mkdir(checkout.cachesFolder, { recursive: true })
  return mkdtemp(path.join(checkout.cachesFolder, 'run-'))
}

async function startOnce({ stack, root, env, cache, command, ready }) {
  const port = await freePort()
  const startedAt = performance.now()
  const child = spawn(stack.nodeBin, [...command, '--port', String(port)], {
    cwd: root,
    // Its own group, so that the last resort reaches the workerd it started.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      ...env,
      CACHE_DIR: cache,
    },
  })
  endWithUs(child)

  let log = ''
  const listeners = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log += text
      for (const listener of listeners) listener(text)
    })
  }
  const exited = once(child, 'exit')
  exited.catch(() => {})

  /** Resolves with whether the server had to be killed: a server that ends by itself when asked to is worth a test. */
  async function stop() {
    let forced = false
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      forced = !(await settlesWithin(exited, stopDeadline))
      if (forced) {
        killGroup(child)
        await exited
      }
    }
    return { forced, code: child.exitCode, signal: child.signalCode }
  }

  try {
    await waitUntilReady(child, exited, ready, () => log)
  } catch (error) {
    await stop()
    throw error
  }
  const base = (env.BASE ?? '/').replace(/\/$/, '')
  return {
    url: `http://127.0.0.1:${port}${base}`,
    port,
    pid: child.pid,
    root,
    cacheDir: cache,
    log: () => log,
    /** Calls with every further piece of output, as it comes. */
    onLog: (listener) => listeners.push(listener),
    stop,
    exited,
    readyMs: Math.round(performance.now() - startedAt),
  }
}

/** Vite says "ready in" after it listens, and so do most that start it. */
function waitUntilReady(child, exited, ready, log) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('was not ready in time'), readyDeadline)
    const look = () => ready.test(log()) && done(resolve)
    const fail = (what) => done(reject, new Error(`Vite ${what}:\n${log()}`))
    const done = (settle, value) => {
      clearTimeout(timer)
      child.stdout.off('data', look)
      settle(value)
    }
    child.stdout.on('data', look)
    exited.then(([code]) => fail(`ended (${code}) before it was ready`), reject)
  })
}

async function settlesWithin(promise, ms) {
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms, false)))
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}
