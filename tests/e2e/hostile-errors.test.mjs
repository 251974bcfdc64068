// Whatever an app throws, Vite answers as it does without Evenkeel, and goes on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostileErrors } from '../apps/pages/hostile-errors.mjs'
import { guarded } from './lib/guarded.mjs'
import { perTest } from './lib/per-test.mjs'
import { sidecarOfSoon } from './lib/processes.mjs'
import { visit } from './lib/visit.mjs'

const { start } = perTest()

for (const { app, how, method, fine } of [
  { app: 'node-handler', how: 'given to `next` in Node', method: 'GET', fine: '/fine' },
  { app: 'node-handler', how: 'thrown in Node', method: 'POST', fine: '/fine' },
  { app: 'worker', how: 'thrown in workerd', method: 'GET', fine: '/' },
]) {
  test(`errors ${how}`, async () => {
    const bare = await start({ app, env: { EVENKEEL: 'off' } })
    const ours = await start({ app, env: guarded({ log: 'warn' }) })
    const sidecar = await sidecarOfSoon(ours)
    assert.equal((await visit(ours, fine)).status, 200)
    for (const name of Object.keys(hostileErrors)) {
      const page = `/throws/${encodeURIComponent(name)}`
      const expected = await visit(bare, page, { method })
      assert.ok(expected.status >= 500, `without Evenkeel, ${name} is answered with ${expected.status}: ${expected.text}`)
      const { status, text } = await visit(ours, page, { method })
      assert.equal(status, expected.status, `${name}: ${text.slice(0, 300)}\n${ours.log().slice(-3000)}`)
    }
    assert.equal((await visit(ours, fine)).status, 200, 'Vite goes on')
    assert.equal(await sidecarOfSoon(ours), sidecar, 'and so does the sidecar')
    assert.doesNotMatch(ours.log(), /\[evenkeel\]/, 'nothing is amiss')
  })
}
