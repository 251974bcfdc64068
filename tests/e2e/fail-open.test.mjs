// Whatever becomes of the sidecar, Vite goes on: requests are answered, the log says once what happened, no process stays.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { getPages, latePages } from '../apps/pages/table.mjs'
import { copyApp, newCacheDir, startApp } from './lib/app.mjs'
import { evenkeel } from './lib/command.mjs'
import { failRestart } from './lib/failing-restart.mjs'
import { adding, guarded } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { nodeBin } from './lib/paths.mjs'
import { perTest } from './lib/per-test.mjs'
import { childrenOf, ended, isRunning, sidecarOf, sidecarOfSoon } from './lib/processes.mjs'
import { askSlowly } from './lib/raw.mjs'
import { standIns } from './lib/stand-ins.mjs'
import { printed, until } from './lib/waiting.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const deadline = 3_000
/** One that only those come to who are really kept waiting for nothing. */
const patient = 60_000
const callDeadline = 500
/** For Vite itself, on a busy machine: rendering a page that nothing holds back. */
const viteOwnTime = 6_000

const page = (path) => latePages.find((page) => page.path === path)
/** On the bare stack each of these makes Vite reload the worker, whichever of them comes first. */
const reloading = ['/late/toggle', '/late/collapsible', '/act/tabs', '/act/checkbox'].map(page)
const warnings = (app) => app.log().split('\n').filter((line) => line.includes('[evenkeel]'))

const { cleanUp, start } = perTest()

describe('the sidecar goes away in the middle of a re-optimization', () => {
  for (const [signal, words] of [
    ['SIGKILL', /the sidecar ended \(SIGKILL\)\. It is being restarted/],
    ['SIGSTOP', /the sidecar did not answer \w+ within \d+ ms\. It is being restarted/],
  ]) {
    test(`${signal}: requests are answered, and the next re-optimization is recovered from`, async () => {
      const env = { ...guarded({ deadline, callDeadline, log: 'warn' }), DEBUG: 'vite:deps' }
      const app = await start({ env })
      const sidecar = await sidecarOfSoon(app)
      assert.equal((await visit(app, '/')).status, 200)

      const running = printed(app, /new dependencies found/)
      const inside = visit(app, reloading[0])
      await running
      process.kill(sidecar, signal)
      const atTheGate = [visit(app, '/'), visit(app, '/status/500'), visit(app, reloading[0])]

      for (const result of await Promise.all([inside, ...atTheGate])) {
        assert.notEqual(result.status, 0, `an answer, not a lost connection: ${result.text}`)
        assert.ok(result.ms < deadline + callDeadline + viteOwnTime, `${result.ms} ms`)
      }
      await ended(sidecar)
      const successor = await sidecarOfSoon(app)
      assert.notEqual(successor, sidecar)

      const results = await visitAll(app, reloading.slice(1))
      const wrong = results.filter((result) => !isRight(result.page, result))
      assert.deepEqual(wrong, [])
      assert.ok(results.some(({ redirects }) => redirects > 0), 'there was something to recover from')
      assert.equal(sidecarOf(app.pid), successor, 'which did not end again')
      assert.equal(warnings(app).length, 1, warnings(app).join('\n'))
      assert.match(warnings(app)[0], words)
    })
  }

  test('its successor knows the requests inside', async () => {
    const app = await start({ env: guarded({ callDeadline: 5_000 }) })
    const sidecar = await sidecarOfSoon(app)
    const slow = askSlowly(app, { path: '/body/checkbox', body: Buffer.from('even keel') })
    await until('the handler waits for the body', async () => (await counts(app))['POST /body/checkbox'])

    process.kill(sidecar, 'SIGKILL')
    await ended(sidecar)
    await sidecarOfSoon(app)
    const other = await visit(app, reloading[0])
    assert.ok(isRight(reloading[0], other), other.text)
    assert.equal(other.redirects, 1)
    slow.finish()
    const { status, text } = await slow.answer
    assert.equal(status, 307, text)
  })

  test('stopped while nothing happens, it holds nobody for long', async () => {
    const app = await start({ env: guarded({ deadline: patient, callDeadline }) })
    const sidecar = await sidecarOfSoon(app)
    assert.equal((await visit(app, '/')).status, 200)
    process.kill(sidecar, 'SIGSTOP')
    const { status, ms } = await visit(app, '/')
    assert.equal(status, 200)
    assert.ok(ms < callDeadline + viteOwnTime, `${ms} ms`)
    await ended(sidecar)
  })

  test('a sidecar that ends again and again is given up, and Vite goes on', async () => {
    const app = await start({ env: guarded({ log: 'warn', callDeadline: 5_000 }) })
    for (let life = 1; life <= 4; life++) {
      const sidecar = await sidecarOfSoon(app)
      // Waits until the sidecar can be asked: one that ends before its first word is given up at once.
      assert.equal((await visit(app, '/')).status, 200)
      process.kill(sidecar, 'SIGKILL')
      await ended(sidecar)
    }
    await until('it is given up', () => /goes on without Evenkeel until it is restarted/.test(app.log()))
    assert.equal(warnings(app).length, 2, 'one when it is restarted first, one when it is restarted no more')
    assert.equal((await visit(app, '/')).status, 200)
    assert.equal(sidecarOf(app.pid), undefined)
  })
})

describe('where the sidecar should be there is', () => {
  let programs
  before(async () => (programs = await standIns()))
  after(() => programs.remove())

  for (const [what, binary, words] of [
    ['nothing', () => '/nonexistent', /EVENKEEL_BINARY names \/nonexistent, which does not exist/],
    ['a program that ends at once', () => '/bin/false', /the sidecar ended \(code 1\)/],
    ['a program that never answers', () => programs.silent, /the sidecar did not answer initialize within \d+ ms/],
    ['another version', () => programs.stranger, /speaks protocol 999, this plugin speaks \d+: install the same version/],
  ]) {
    test(`${what}: Vite starts and serves as without Evenkeel`, async () => {
      // So long that a request which waited for the program's first word would be found out.
      const patience = what === 'a program that never answers' ? 2_000 : callDeadline
      const app = await start({ env: { ...guarded({ callDeadline: patience }), EVENKEEL_BINARY: binary() } })

      const first = await visit(app, '/status/500')
      assert.deepEqual([first.status, first.text], [500, 'user 500'])
      assert.ok(first.ms < patience + 2_500, `the first request took ${first.ms} ms`)

      const results = await visitAll(app, getPages.slice(0, 2))
      assert.ok(results.every(({ status, redirects }) => status !== 0 && redirects === 0))
      await until('there is a warning', () => warnings(app).length > 0)
      const visits = []
      for (let times = 0; times < 5; times++) visits.push(await visit(app, '/'))
      assert.deepEqual(new Set(visits.map(({ status }) => status)), new Set([200]))
      // Vite itself may be busy for a while.
      const fastest = Math.min(...visits.map(({ ms }) => ms))
      assert.ok(fastest < patience, `nobody waits any more: ${fastest} ms`)

      assert.equal(warnings(app).length, 1, warnings(app).join('\n'))
      assert.match(warnings(app)[0], words)
      await until('the program is gone', () => !childrenOf(app.pid).some((pid) => programs.owns(pid)))
    })
  }

  test('nothing: late dependencies are added all the same', async () => {
    const app = await start({ env: { ...adding(), EVENKEEL_BINARY: '/nonexistent' } })
    const results = await visitAll(app, latePages)
    assert.deepEqual(results.filter((result) => !isRight(result.page, result)), [])
    assert.equal(reloads(app.log()), 0, app.log())
  })
})

describe('when Vite ends', () => {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`by ${signal}, the sidecar ends`, async () => {
      const app = await start({ env: guarded() })
      await visit(app, '/')
      const sidecar = await sidecarOfSoon(app)
      const others = childrenOf(app.pid).filter((pid) => pid !== sidecar)
      // workerd, which Vite has no chance to end when it is killed.
      cleanUp(() => others.filter(isRunning).forEach((pid) => process.kill(pid, 'SIGKILL')))
      process.kill(app.pid, signal)
      await app.exited
      await ended(sidecar)
    })
  }

  async function idleServer() {
    const cacheDir = await newCacheDir()
    cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
    const script = new URL('lib/idle-server.mjs', import.meta.url).pathname
    return (...args) =>
      promisify(execFile)(nodeBin, [script, ...args], { env: { ...process.env, CACHE_DIR: cacheDir }, timeout: 20_000 })
  }

  test('a sidecar that has been stopped ends with it', async () => {
    const run = await idleServer()
    const { stdout } = await run('with', 'stopped')
    const { pid } = JSON.parse(stdout)
    cleanUp(() => isRunning(pid) && process.kill(pid, 'SIGKILL'))
    await ended(pid)
  })

  test('in a script that never closes its server, the sidecar does not keep the script alive', async () => {
    const run = await idleServer()
    await run().catch(() => assert.fail('the script does not even end without Evenkeel'))
    const { stdout } = await run('with')
    const { pid, answer } = JSON.parse(stdout)
    assert.ok(answer, 'the sidecar was there')
    await ended(pid)
  })
})

describe('start-up', () => {
  const importDialog = `
    import { Dialog, DialogTrigger } from '@radix-ui/react-dialog'
    export default function Home() {
      return <Dialog><DialogTrigger data-page="home">dialog says hello</DialogTrigger></Dialog>
    }
  `

  /** A cache from a run without the import that was saved while the server was down. */
  async function importedWhileDown(env) {
    const cacheDir = await newCacheDir()
    cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
    const { root, remove } = await copyApp('worker')
    cleanUp(remove)
    const app = await startApp({ root, cacheDir, env })
    assert.equal((await visit(app, '/')).status, 200)
    await app.stop()
    await writeFile(path.join(root, 'src/home.tsx'), importDialog)
    return { root, cacheDir, env }
  }

  for (const [where, env, reloadsWarm] of [
    ['where runs reload', guarded(), true],
    ['where runs add', adding(), false],
  ]) {
    test(`warm, with a new import in the entry, ${where}: the first answer is right`, async () => {
      const app = await start(await importedWhileDown(env))
      const { status, text } = await visit(app, '/')
      assert.equal(status, 200)
      assert.match(text, /dialog says hello/)
      assert.equal(reloads(app.log()) > 0, reloadsWarm, app.log())
    })

    test(`cold, with a new import in the entry, ${where}: the first answer is right`, async () => {
      const { root, remove } = await copyApp('worker')
      cleanUp(remove)
      await writeFile(path.join(root, 'src/home.tsx'), importDialog)
      const app = await start({ root, env })
      const { status, text } = await visit(app, '/')
      assert.equal(status, 200)
      assert.match(text, /dialog says hello/)
    })
  }

  test('warm, strict: Vite ends by itself, Evenkeel makes it no worse, and where runs add it goes on', async () => {
    const outcome = async (env) => {
      const options = await importedWhileDown({ ...env, OUTDATED: 'strict' })
      const app = await start(options).catch((error) => error)
      if (!(app instanceof Error)) return { started: true, ...(await visit(app, '/')) }
      // The run that failed has left a complete cache behind.
      const again = await start(options)
      return { started: false, said: app.message, ...(await visit(again, '/')) }
    }
    const outdated = /error when starting dev server:\s+Error: There is a new version of the pre-bundle/
    const bare = await outcome({ EVENKEEL: 'off' })
    assert.equal(bare.started, false, 'Vite has become better: nothing is left to be shown here')
    assert.match(bare.said, outdated)
    const ours = await outcome(guarded())
    if (!ours.started) assert.match(ours.said, outdated)
    const added = await outcome(adding())
    assert.equal(added.started, true, added.said)
    for (const { status, text } of [ours, added]) {
      assert.equal(status, 200)
      assert.match(text, /dialog says hello/)
    }
  })

  test('a restart fails when the next server has been made: this one goes on, and late pages are right', async () => {
    const app = await startsNoSuccessor(guarded({ deadline: patient }))
    const { stdout } = await evenkeel('status', '--json', '--root', app.root)
    const worker = JSON.parse(stdout).environments.find(({ guarded }) => guarded)
    assert.ok(worker.generation > 0, 'whose re-optimizations are still told')
  })

  test('the same where runs add: it goes on adding', async () => {
    const app = await startsNoSuccessor(adding({ deadline: patient }))
    assert.equal(reloads(app.log()), 0, app.log())
  })

  /** A server whose restart has failed, behind visits of late pages. */
  async function startsNoSuccessor(env) {
    const { root, remove } = await copyApp('worker')
    cleanUp(remove)
    const app = await start({ root, env })
    assert.equal((await visit(app, '/')).status, 200)
    await failRestart(app)
    for (const page of reloading) {
      const result = await visit(app, page)
      assert.ok(isRight(page, result), result.text)
      assert.ok(result.ms < patient, `nobody waits for environments that are not there: ${result.ms} ms`)
    }
    return app
  }

  for (const [where, env, recovers] of [
    ['where runs reload', guarded(), true],
    ['where runs add', adding(), false],
  ]) {
    test(`Vite restarts in place, ${where}: the same sidecar goes on, and late pages are right`, async () => {
      const { root, remove } = await copyApp('worker')
      cleanUp(remove)
      const app = await start({ root, env })
      const sidecar = await sidecarOfSoon(app)
      const early = await visitAll(app, reloading.slice(0, 1))

      const restarted = printed(app, /server restarted/)
      const now = new Date()
      await utimes(path.join(root, 'vite.config.mjs'), now, now)
      await restarted

      const results = [...early, ...(await visitAll(app, reloading.slice(1)))]
      assert.deepEqual(results.filter((result) => !isRight(result.page, result)), [])
      assert.equal(results.slice(1).some(({ redirects }) => redirects > 0), recovers, 'recovery works after the restart, where it is needed')
      assert.equal(reloads(app.log()) > 0, recovers, app.log())
      assert.equal(sidecarOf(app.pid), sidecar)
      assert.ok(!/the sidecar/.test(app.log()), 'nothing went wrong with it')
    })
  }
})
