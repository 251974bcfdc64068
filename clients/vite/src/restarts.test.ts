import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Restarts } from './restarts.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Lives for so long, and dies. */
function live(restarts: Restarts, milliseconds: number): number | undefined {
  restarts.lives()
  vi.advanceTimersByTime(milliseconds)
  return restarts.died()
}

test('each death in a row is waited for longer, and then it is given up', () => {
  const restarts = new Restarts()
  expect([1, 2, 3, 4].map(() => live(restarts, 59_999))).toEqual([100, 500, 2_000, undefined])
  expect(restarts.givenUp).toBe(true)
  expect(live(restarts, 0)).toBeUndefined()
})

test('after a healthy minute the deaths before are forgiven', () => {
  const restarts = new Restarts()
  expect([live(restarts, 0), live(restarts, 0), live(restarts, 60_000)]).toEqual([100, 500, 100])
  expect(restarts.isFirstDeath).toBe(true)
  expect(live(restarts, 0)).toBe(500)
  expect(restarts.isFirstDeath).toBe(false)
})

test('a minute that ends in a death before is not healthy', () => {
  const restarts = new Restarts()
  live(restarts, 30_000)
  vi.advanceTimersByTime(60_000)
  expect(live(restarts, 30_000)).toBe(500)
})

test('what was given up gets all its chances again when it is forgiven', () => {
  const restarts = new Restarts()
  restarts.giveUp()
  expect(restarts.died()).toBeUndefined()
  restarts.forgive()
  expect([restarts.givenUp, restarts.died()]).toEqual([false, 100])
})
