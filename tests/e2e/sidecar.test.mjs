// What the plugin says to the real sidecar, and how it ends one that has been stopped.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { acquire } from '../../clients/vite/dist/lease.js'
import { resolveOptions } from '../../clients/vite/dist/options.js'
import { binary } from './lib/paths.mjs'
import { ended } from './lib/processes.mjs'

const leases = []
afterEach(() => {
  for (const lease of leases.splice(0)) lease.release()
})

function lease() {
  process.env.EVENKEEL_BINARY = binary
  const said = []
  const log = { info() {}, warn: (message) => said.push(message) }
  const taken = acquire(`project ${leases.length}`, resolveOptions({ callDeadline: 5_000 }), log)
  leases.push(taken)
  return { ...taken, said }
}

test('half a character in a text does not keep an error from being judged', async () => {
  const { sidecar, said } = lease()
  const verdict = await sidecar.request('classifyError', { request: 1, error: { message: 'half \ud83d', name: '\udc00' } })
  assert.equal(verdict.action, 'pass')
  assert.deepEqual(said, [])
})

test('a stopped sidecar is ended when nobody needs it any more', async () => {
  const { sidecar, release } = lease()
  await sidecar.request('status', {})
  const { pid } = sidecar
  process.kill(pid, 'SIGSTOP')
  release()
  await ended(pid)
})
