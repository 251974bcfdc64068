// What stands in front of a function of Vite passes on every argument and result, those that are undocumented, too. The
// functions behind are stand-ins that tell what they were given; what real Vite makes of them is tested by tests/e2e.
import type { DevEnvironment } from 'vite'
import { expect, test, vi } from 'vitest'
import { RunnerCopies } from '../runner-copies.js'
import { interceptSend } from './hot.js'
import { aroundInvalidateAll, interceptFetches, interceptTransforms } from './modules.js'
import { type DepsOptimizer, initBeforeTransforms, onDiscovery, surviveBrokenSources } from './optimizer.js'

type Owner = Record<string, unknown>

const args = ['/a.ts', { allowId: () => false }, 'one more']

interface Patched {
  method: string
  patch(environment: DevEnvironment): unknown
  owner(environment: DevEnvironment): unknown
  /** Nobody looks at what these return, which is nothing. */
  returnsNothing?: true
}

const table: Patched[] = [
  {
    method: 'transformRequest',
    patch: (environment) => interceptTransforms(environment, (transform, given) => transform(...given)),
    owner: (environment) => environment,
  },
  {
    method: 'fetchModule',
    patch: (environment) => interceptFetches(environment, (fetch, given) => fetch(...given)),
    owner: (environment) => environment,
  },
  {
    method: 'send',
    patch: (environment) => interceptSend(environment, (_message, sendNow) => sendNow()),
    owner: ({ hot }) => hot,
    returnsNothing: true,
  },
  {
    method: 'registerMissingImport',
    patch: ({ depsOptimizer }) => onDiscovery(depsOptimizer as DepsOptimizer, () => {}),
    owner: ({ depsOptimizer }) => depsOptimizer,
  },
  {
    method: 'registerMissingImport',
    patch: surviveBrokenSources,
    owner: ({ depsOptimizer }) => depsOptimizer,
  },
  { method: 'init', patch: initBeforeTransforms, owner: ({ depsOptimizer }) => depsOptimizer },
  {
    method: 'invalidateAll',
    patch: (environment) => aroundInvalidateAll(environment, () => () => {}),
    owner: ({ moduleGraph }) => moduleGraph,
    returnsNothing: true,
  },
]

test.for(table)('$method gets all arguments and gives its result', ({ method, patch, owner, returnsNothing }) => {
  const environment = {
    transformRequest: vi.fn(),
    hot: {},
    moduleGraph: {},
    depsOptimizer: { metadata: { optimized: {}, chunks: {}, discovered: {} } },
  } as unknown as DevEnvironment
  const original = vi.fn().mockReturnValue('the result')
  const target = owner(environment) as Owner
  target[method] = original
  patch(environment)
  const result = (target[method] as typeof original)(...args)
  expect(original.mock.calls).toEqual([args])
  expect(original.mock.contexts[0]).toBe(target)
  if (!returnsNothing) expect(result).toBe('the result')
})

test('so does the fetch for a runner that is told of an old copy', async () => {
  const fetch = vi.fn().mockResolvedValue({ code: '', id: '/a.ts' })
  const copies = new RunnerCopies({ moduleGraph: { getModuleById: () => undefined } } as unknown as DevEnvironment)
  const result = await copies.fetch(fetch, args as unknown as Parameters<DevEnvironment['fetchModule']>)
  expect(fetch.mock.calls).toEqual([args])
  expect(result).toEqual({ code: '', id: '/a.ts' })
})
