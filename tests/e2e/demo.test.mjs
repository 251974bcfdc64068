// `cargo xtask demo --keep --json`: what it shows, and that the server it leaves ends with it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { nodeBin } from './lib/paths.mjs'
import { endWithUs } from './lib/process-group.mjs'
import { childrenOf, ended } from './lib/processes.mjs'

const demo = fileURLToPath(new URL('../demo/demo.mjs', import.meta.url))

test('without Evenkeel first answers are wrong; where runs add, and with all of it, none is', async () => {
  const child = endWithUs(spawn(nodeBin, [demo, '--keep', '--json'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] }))
  const exited = once(child, 'exit')
  const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), exited.then((how) => assert.fail(`it ended: ${how}`))])
  const shown = JSON.parse(line)
  const right = (name) => shown[name]['first answer right'].split('/').map(Number)
  const [few, all] = right('without Evenkeel')
  assert.ok(few < all, 'this shows nothing on a stack that is right by itself')
  for (const name of ['additive alone', 'with Evenkeel']) {
    assert.deepEqual(right(name), [all, all], name)
    assert.equal(shown[name].reloads, 0, name)
  }
  const servers = childrenOf(child.pid)
  assert.equal(servers.length, 1, 'it keeps its server')
  child.kill('SIGINT')
  await exited
  await Promise.all(servers.map(ended))
})
