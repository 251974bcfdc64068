// A sidecar that lives through thousands of re-optimizations stays as large as it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryOf, openEnvironment, startSidecar } from '../bench/lib/client.mjs'

const DEPENDENCIES = 10
const environment = 'worker'

const file = (nth) => `/node_modules/.vite/deps_worker/@scope_late-${nth}.js`

/** What the plugin tells of a re-optimization, as far as it grows with the dependencies. */
function reoptimize(sidecar, run) {
  const browserHash = run.toString(16).padStart(8, '0')
  const all = Array.from({ length: DEPENDENCIES }, (_, nth) => nth)
  for (const nth of all) {
    const importer = { file: '/home/user/app/src/page.tsx', line: nth + 1 }
    sidecar.notify('optimizer/didDiscover', { environment, id: `@scope/late-${nth}`, importer })
  }
  const changed = all.map((nth) => ({ id: `@scope/late-${nth}`, file: `/home/user/app${file(nth)}`, browserHash }))
  sidecar.notify('optimizer/didCommit', { environment, outcome: 'committed', browserHash, changed, removed: [], pending: [] })
  const deps = all.map((nth) => `${file(nth)}?v=${browserHash}`)
  const ended = (module, imports) => ({ kind: 'transform', moment: 'end', module, deps: imports })
  const activities = [ended('/src/page.tsx', deps), ...deps.map((module) => ended(module, []))]
  const planned = sidecar.request('onFullReload', { reloads: [{ environment }] })
  sidecar.notify('onTransform', { environment, activities })
  return planned
}

test('ten thousand re-optimizations leave a sidecar no more than half as large again as a thousand do', async () => {
  const sidecar = await startSidecar()
  try {
    openEnvironment(sidecar)
    const sizes = []
    for (let run = 1; run <= 10_000; run++) {
      const { result, error } = await reoptimize(sidecar, run)
      assert.ok(result, JSON.stringify(error))
      if (run === 1_000 || run === 10_000) sizes.push(memoryOf(sidecar.child.pid).rssMb)
    }
    const { result } = await sidecar.request('status', {})
    assert.equal(result.counts.reloads, 10_000)
    console.log(`${sizes[0]} MB after 1 000, ${sizes[1]} MB after 10 000`)
    assert.ok(sizes[1] <= sizes[0] * 1.5, `${sizes}`)
  } finally {
    await sidecar.end()
  }
})
