// What stands in front of a function of Vite passes on every argument and result, those that are undocumented, too. The
// functions behind are stand-ins that tell what they were given; what real Vite makes of them is tested everywhere else.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { interceptSend } from '../../clients/vite/dist/vite-internals/hot.js'
import { aroundInvalidateAll, interceptFetches, interceptTransforms } from '../../clients/vite/dist/vite-internals/modules.js'
import { initOnce, onDiscovery, rerunTogether, runAlone } from '../../clients/vite/dist/vite-internals/optimizer.js'
import { removeHooks } from '../../clients/vite/dist/vite-internals/plugins.js'
import { RunnerCopies } from '../../clients/vite/dist/runner-copies.js'

/** A method that notes its arguments, and the object that it has to be called on. */
function noted(result) {
  const calls = []
  const owner = {}
  const method = function (...args) {
    calls.push({ on: this, args })
    return result
  }
  return { calls, owner, method }
}

const passing = (original, args) => original(...args)

describe('all arguments and the result', () => {
  const args = ['/a.ts', { allowId: () => false }, 'one more']
  const table = [
    ['transformRequest', (environment) => interceptTransforms(environment, passing), (environment) => environment],
    ['fetchModule', (environment) => interceptFetches(environment, passing), (environment) => environment],
    ['send', (environment) => interceptSend(environment, (_message, sendNow) => sendNow()), (environment) => environment.hot],
    ['registerMissingImport', ({ depsOptimizer }) => onDiscovery(depsOptimizer, () => {}), (environment) => environment.depsOptimizer],
    ['init', initOnce, (environment) => environment.depsOptimizer],
    ['invalidateAll', (environment) => aroundInvalidateAll(environment, () => () => {}), (environment) => environment.moduleGraph],
  ]
  for (const [name, patch, owner] of table) {
    test(name, () => {
      const { calls, method } = noted('the result')
      const environment = {
        hot: {},
        moduleGraph: {},
        depsOptimizer: { metadata: { optimized: {}, chunks: {}, discovered: {} } },
      }
      owner(environment)[name] = method
      patch(environment)
      const result = owner(environment)[name](...args)
      assert.deepEqual(calls, [{ on: owner(environment), args }])
      if (!['send', 'invalidateAll'].includes(name)) assert.equal(result, 'the result')
    })
  }

  test('a runner that is told of an old copy', async () => {
    const { calls, method } = noted(Promise.resolve({ code: '', id: '/a.ts' }))
    const copies = new RunnerCopies({ moduleGraph: { getModuleById: () => undefined } })
    const result = await copies.fetch(method, args)
    assert.deepEqual(calls.map(({ args }) => args), [args])
    assert.deepEqual(result, { code: '', id: '/a.ts' })
  })
})

test('an optimizer takes another one along, unless it runs for itself', () => {
  const [lender, borrower] = [noted(), noted()]
  const environments = [lender, borrower].map(({ method }) => ({ depsOptimizer: { run: method } }))
  rerunTogether(...environments)
  environments[0].depsOptimizer.run()
  assert.deepEqual([lender.calls.length, borrower.calls.length], [1, 1])
  runAlone(environments[0].depsOptimizer)
  assert.deepEqual([lender.calls.length, borrower.calls.length], [2, 1])
})

test('hooks are taken away from the plugin that is named, and no other', () => {
  const plugins = [
    { name: 'a', load() {}, transform() {} },
    { name: 'b', load() {} },
  ]
  removeHooks(plugins, { a: ['load'] })
  assert.deepEqual(plugins.map((plugin) => Object.keys(plugin)), [['name', 'transform'], ['name', 'load']])
})
