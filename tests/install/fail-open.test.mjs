// What is shipped, on the system that this runs on: it works, and whatever becomes of the sidecar, Vite goes on. The release runs this
// on every system that has a package. EVENKEEL_PACKAGES names the folder with the packages; else they are made of what is built here.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../e2e/lib/waiting.mjs'
import { startBareVite, writeApp } from './lib/app.mjs'
import { clean } from './lib/managers.mjs'
import { needed, pack, platform, version } from './lib/packages.mjs'
import { run } from './lib/run.mjs'

let folder
let root
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-shipped-'))
  root = path.join(folder, 'app')
  await writeApp(root, { dependencies: needed })
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', args, { cwd: root, env: clean(), shell: process.platform === 'win32' })
  const packages = process.env.EVENKEEL_PACKAGES ?? (await pack(folder))
  await unpack(packages, `evenkeel-${version}.tgz`, 'evenkeel')
  await unpack(packages, `evenkeel-${platform}-${version}.tgz`, `@evenkeel/${platform}`)
})
after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

/** By hand: a package manager would ask a registry for the packages of other systems, which are published when all tests are passed. */
async function unpack(packages, file, name) {
  const target = path.join(root, 'node_modules', name)
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', path.resolve(packages, file), '--strip-components=1', '-C', target])
}

async function withVite(env, use) {
  const cache = path.join(root, 'node_modules/.vite')
  await rm(cache, { recursive: true, force: true, maxRetries: 5 })
  const vite = await startBareVite(root, { env })
  try {
    await use(vite)
  } finally {
    await vite.close()
  }
}

const command = (...args) =>
  run(process.execPath, [path.join(root, 'node_modules/evenkeel/dist/command.js'), ...args], { cwd: root, env: clean(), mayFail: true })

async function status() {
  const { code, stdout } = await command('status', '--json')
  return code === 0 ? JSON.parse(stdout) : undefined
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function pagesAreRight(vite) {
  assert.equal(await vite.get('home'), 'home function', vite.log())
  assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
}

test('a late dependency is added, and the commands find the dev server', () =>
  withVite({}, async (vite) => {
    await pagesAreRight(vite)
    assert.match(vite.warnings().join('\n'), /ssr: added nanoid (?:\(.+\) )?in \d+ ms, nothing reloaded/, vite.log())
    const { environments } = await status()
    assert.ok(environments.some(({ name, guarded }) => name === 'ssr' && guarded), JSON.stringify(environments))
    const doctor = await command('doctor')
    assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
    assert.equal((await command('nothing')).code, 2)
  }))

test('the sidecar is killed: pages are answered, and another one takes its place', () =>
  withVite({}, async (vite) => {
    const { pid } = await until('the sidecar answers', status)
    process.kill(pid, 'SIGKILL')
    await pagesAreRight(vite)
    const successor = await until('another sidecar answers', async () => {
      const found = await status()
      return found?.pid !== pid && found
    })
    assert.ok(isRunning(successor.pid))
    const trouble = vite.warnings().filter((line) => line.includes('sidecar'))
    assert.equal(trouble.length, 1, vite.log())
    assert.match(trouble[0], /the sidecar ended .*It is being restarted/)
  }))

for (const [what, program, words] of [
  ['nothing', path.resolve('nonexistent'), /EVENKEEL_BINARY names .*nonexistent, which does not exist/],
  ['a program that ends at once', process.execPath, /the sidecar ended \(code 1\)/],
]) {
  test(`where the sidecar should be there is ${what}: Vite starts and serves`, () =>
    withVite({ EVENKEEL_BINARY: program }, async (vite) => {
      await pagesAreRight(vite)
      const trouble = vite.warnings().filter((line) => !line.includes('added'))
      assert.equal(trouble.length, 1, vite.log())
      assert.match(trouble[0], words)
    }))
}

test('when Vite is killed, the sidecar ends', () =>
  withVite({}, async (vite) => {
    const { pid } = await until('the sidecar answers', status)
    process.kill(vite.pid, 'SIGKILL')
    await until('the sidecar ends', () => !isRunning(pid))
  }))
