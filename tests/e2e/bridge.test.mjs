// A worker that borrows modules from a second environment: both sides stay in step, and clean ids never meet a hash that is gone.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { getPages } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { bridgedServer } from './lib/bridged-server.mjs'
import { defaults, guarded } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { isRight, visit, visitAll } from './lib/visit.mjs'

for (const [name, env] of [
  ['foreseen', defaults()],
  ['recovered', guarded()],
]) {
  describe(`late dependencies of the lending side, ${name}`, () => {
    let server
    before(async () => {
      server = await startApp({ app: 'bridged', env })
    })
    after(() => server.stop())

    test('the first answer of every late page is right', async () => {
      const results = await visitAll(server, getPages)
      const wrong = results.filter((result) => !isRight(result.page, result))
      assert.deepEqual(wrong.map(({ page, status, text }) => [page.path, status, text.slice(0, 200)]), [])
      assert.ok(reloads(server.log()) > 0, 'nothing was re-optimized: this test shows nothing')
    })

    test('borrowed modules follow the rules of the side they come from', async () => {
      assert.deepEqual(JSON.parse((await visit(server, '/sides')).text), { here: 'worker', there: 'ssr' })
      const assets = JSON.parse((await visit(server, '/assets')).text)
      assert.deepEqual(assets, { text: 'raw text', data: { answer: 42 }, named: 'string' })
    })

    test('an error names the line of the source that threw it', async () => {
      await visit(server, '/throws')
      assert.match(server.log(), /thrown in ssr\.tsx[\s\S]*ssr\.tsx:14:/)
    })
  })
}

describe('the state of a module', () => {
  let server
  before(async () => {
    server = await startApp({ app: 'bridged', env: guarded() })
  })
  after(() => server.stop())

  test('outlives a re-optimization, its contexts too', async () => {
    const state = async () => JSON.parse((await visit(server, '/state')).text)
    const first = await state()
    assert.equal(first.kept, 1)
    const context = async (path) => (await visit(server, path)).headers.get('x-context')
    assert.equal(await context('/'), 'after')

    const before = reloads(server.log())
    for (const page of getPages) await visit(server, page)
    assert.ok(reloads(server.log()) > before, 'nothing was reloaded: this test shows nothing')

    const second = await state()
    assert.equal(second.kept, 2, 'the counter goes on')
    assert.equal(second.module, first.module, 'the module was not evaluated again')
    assert.equal(second.notKept, 1, 'a module that is not kept was')
    assert.equal(await context('/'), 'after')
  })
})

describe('ghost nodes', () => {
  let bridged
  before(async () => {
    bridged = await bridgedServer()
  })
  after(() => bridged.stop())

  test('a clean id is answered with the hash of now, by the bridge and not without it', async () => {
    const { server, reoptimize } = bridged
    const { ssr, worker } = server.environments
    // The modules are in both graphs before the re-optimization, as they are while an app runs.
    await ssr.fetchModule('react', undefined, { cached: false })
    await worker.transformRequest('virtual:app:ssr:react-dom/server')
    await reoptimize()

    const { browserHash } = ssr.depsOptimizer.metadata
    const plain = await ssr.fetchModule('react', undefined, { cached: false }).catch((error) => error)
    const answered = plain instanceof Error ? plain.message : plain.id
    assert.ok(!answered.includes(`v=${browserHash}`), `Vite itself resolves the clean id now: ${answered}`)

    const { code } = await worker.transformRequest('virtual:app:ssr:react-dom/server')
    const hashes = new Set([...code.matchAll(/v=([0-9a-f]{8})/g)].map(([, hash]) => hash))
    assert.deepEqual([...hashes], [browserHash])
  })
})
