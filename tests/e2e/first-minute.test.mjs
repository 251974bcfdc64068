// What a newcomer sees in the terminal: that Evenkeel is there, and then no more than what has happened.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fetchWithDeps } from '../bench/lib/vite-work.mjs'
import { copyApp } from './lib/app.mjs'
import { evenkeel } from './lib/command.mjs'
import { defaults } from './lib/guarded.mjs'
import { perTest } from './lib/per-test.mjs'
import { signalGroup } from './lib/process-group.mjs'
import { ended, groupOf, sidecarOfSoon } from './lib/processes.mjs'
import { smallApp } from './lib/small-app.mjs'
import { until } from './lib/waiting.mjs'
import { visit } from './lib/visit.mjs'

const { cleanUp, start } = perTest()

const linesOf = (server) => server.log().split('\n')
const banners = (server) => linesOf(server).filter((line) => line.includes('Evenkeel: '))
const said = (server) => linesOf(server).filter((line) => line.includes('[evenkeel]'))
/** Vite prints its URLs behind the word that it is ready. */
const urlsOf = (server) => until('Vite has printed its URLs', () => /Local:|Network:/.test(server.log()))
const load = async (server, file) => assert.equal((await fetch(`${server.url}/${file}`)).status, 200)

describe('an app of an index.html', () => {
  let app
  before(async () => {
    app = await smallApp()
  })
  after(() => app?.remove())
  const open = (options) => start({ root: app.root, cacheDir: app.cache, env: defaults(options) })

  test('one line among the URLs of Vite, and one for what is added', async () => {
    const server = await open()
    const banner = `  ➜  Evenkeel: http://127.0.0.1:${server.port}/__evenkeel/`
    await until('the line is printed', () => banners(server).length > 0)
    assert.deepEqual(banners(server), [banner])
    assert.equal((await fetch(banner.split(': ')[1])).status, 200)
    for (const file of ['', 'src/main.js']) await load(server, file)
    // What is met when its file has come is late.
    await fetchWithDeps(server, '/src/first.js')
    assert.deepEqual(said(server), [], 'a first start is nothing to talk about')
    await load(server, 'src/second.js')
    await until('what was late is told', () => said(server).length > 0)
    const [line, ...others] = said(server)
    assert.deepEqual(others, [])
    assert.match(line, /\[evenkeel\] client: added second \(src\/second\.js:1\) in \d+ ms, nothing reloaded$/)
  })

  test('nothing where only trouble is to be told', async () => {
    const server = await open({ log: 'warn' })
    await urlsOf(server)
    await load(server, 'src/third.js')
    assert.deepEqual([banners(server), said(server)], [[], []])
  })

  test('a program that is missing is one sentence that says what to do', async () => {
    const env = { ...defaults(), EVENKEEL_BINARY: '/nonexistent/evenkeel' }
    const server = await start({ root: app.root, cacheDir: app.cache, env })
    await until('it is said', () => said(server).length > 0)
    await load(server, 'src/fourth.js')
    const [line, ...others] = said(server)
    assert.deepEqual(others, [])
    assert.match(line, /\[evenkeel\] EVENKEEL_BINARY names \/nonexistent\/evenkeel, which does not exist: correct it or unset it\. Vite goes on without Evenkeel until it is restarted\.$/)
  })
})

test('a signal for Vite and all that it has started is not for the sidecar, which ends with Vite and without a word', async () => {
  const app = await smallApp()
  cleanUp(app.remove)
  const server = await start({ root: app.root, cacheDir: app.cache, env: defaults() })
  const sidecar = await sidecarOfSoon(server)
  await load(server, 'src/first.js')
  // Which of them sees the signal first is chance.
  assert.notEqual(groupOf(sidecar), groupOf(server.pid))
  signalGroup(server, 'SIGTERM')
  await server.exited
  await ended(sidecar)
  assert.deepEqual(said(server), [])
})

test("the first start of a Cloudflare app with Node's modules is nobody's fault", async () => {
  const { root, remove } = await copyApp('worker')
  cleanUp(remove)
  const file = path.join(root, 'wrangler.jsonc')
  const settings = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...settings, compatibility_flags: ['nodejs_compat'] }))
  const server = await start({ root, env: defaults() })
  assert.equal((await visit(server, '/')).status, 200)
  await until('all is stable', async () => {
    const { stdout } = await evenkeel('status', '--json', '--root', server.root)
    return stdout && JSON.parse(stdout).quiescent
  })
  assert.deepEqual(said(server).filter((line) => !line.endsWith('nothing reloaded')), [], 'what was only added may be told')
  const { stdout } = await evenkeel('doctor', '--root', server.root)
  assert.doesNotMatch(stdout, /late in this session/)
})
