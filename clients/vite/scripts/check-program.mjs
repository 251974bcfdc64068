// Whether the program runs on this system, and speaks the protocol: `node check-program.mjs [EMULATOR] PROGRAM`
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { PROTOCOL_VERSION } from '../dist/protocol.js'
import { RpcConnection } from '../dist/rpc.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const [program, ...first] = process.argv.slice(2)

const { stdout } = await promisify(execFile)(program, [...first, '--version'])
assert.equal(stdout.trim(), `evenkeel ${version}`)

const sidecar = spawn(program, [...first, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
const exited = once(sidecar, 'exit')
const connection = new RpcConnection(
  sidecar.stdout,
  sidecar.stdin,
  () => {},
  (how) => assert.fail(`the sidecar ${how}`),
)
const initialized = await connection.request('initialize', {
  processId: process.pid,
  capabilities: {},
  initializationOptions: { protocolVersion: PROTOCOL_VERSION },
})
assert.equal(initialized.capabilities.experimental.evenkeel.protocolVersion, PROTOCOL_VERSION)
await connection.request('shutdown')
connection.notify('exit')
assert.deepEqual(await exited, [0, null])
console.log(`${[program, ...first].join(' ')}: ${stdout.trim()}, protocol ${PROTOCOL_VERSION}`)
