import type { DevEnvironment } from 'vite'
import { expect, test, vi } from 'vitest'
import { rerunTogether, runAlone } from './optimizer.js'

test('an optimizer takes another one along, unless it runs for itself', () => {
  const [lend, borrow] = [vi.fn(), vi.fn()]
  const lender = { depsOptimizer: { run: lend } } as unknown as DevEnvironment
  const borrower = { depsOptimizer: { run: borrow } } as unknown as DevEnvironment
  rerunTogether(lender, borrower)
  lender.depsOptimizer?.run()
  expect([lend, borrow].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
  if (lender.depsOptimizer) runAlone(lender.depsOptimizer)
  expect([lend, borrow].map(({ mock }) => mock.calls.length)).toEqual([2, 1])
})
