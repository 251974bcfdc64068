// The command `evenkeel` of the npm package stands between a shell and the program: signals go one way, exit codes the other.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { binary } from '../e2e/lib/paths.mjs'
import { endWithUs } from '../e2e/lib/process-group.mjs'

const command = fileURLToPath(new URL('../../clients/vite/dist/command.js', import.meta.url))

/** Tells which signal it was sent, by its exit code. */
const program = `#!${process.execPath}
const codes = { SIGINT: 41, SIGTERM: 42, SIGHUP: 43 }
for (const [signal, code] of Object.entries(codes)) process.on(signal, () => process.exit(code))
setInterval(() => {}, 1000)
console.log('listens')
`

let folder
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-launcher-'))
  await writeFile(path.join(folder, 'program'), program, { mode: 0o755 })
})
after(() => rm(folder, { recursive: true, force: true }))

function launch(named, ...args) {
  const env = { ...process.env, EVENKEEL_BINARY: named }
  const launcher = spawn(process.execPath, [command, ...args], { cwd: folder, detached: true, stdio: 'pipe', env })
  // Its streams close when the last that holds them has ended, the program too.
  return Object.assign(endWithUs(launcher), { ended: once(launcher, 'close') })
}

for (const [signal, code] of [['SIGINT', 41], ['SIGTERM', 42], ['SIGHUP', 43]]) {
  test(`${signal} reaches a program that ends as it likes`, { timeout: 60_000 }, async () => {
    const launcher = launch(path.join(folder, 'program'))
    await once(launcher.stdout, 'data')
    launcher.kill(signal)
    assert.deepEqual(await launcher.ended, [code, null])
  })
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} ends Evenkeel's program, and the command as it ended`, { timeout: 60_000 }, async () => {
    const launcher = launch(binary, 'lsp')
    const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { capabilities: {} } })
    launcher.stdin.write(`Content-Length: ${initialize.length}\r\n\r\n${initialize}`)
    await once(launcher.stdout, 'data')
    launcher.kill(signal)
    assert.deepEqual(await launcher.ended, [null, signal])
  })
}

for (const [args, code] of [
  [['--version'], 0],
  [['doctor'], 1],
  [['nothing'], 2],
  [['status'], 3],
]) {
  test(`evenkeel ${args.join(' ')} exits with ${code}`, { timeout: 60_000 }, async () => {
    assert.deepEqual(await launch(binary, ...args).ended, [code, null])
  })
}
