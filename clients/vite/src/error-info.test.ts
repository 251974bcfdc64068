// Anything can be thrown. tests/e2e/hostile-errors.test.mjs throws the same in real servers.
import { expect, test } from 'vitest'
import { hostileErrors } from '../../../tests/apps/pages/hostile-errors.mjs'
import { errorInfo } from './error-info.js'

/** An error and eight causes, each with a message and a stack of 8 KiB. */
const MOST = 9 * (8 + 8 + 1) * 1024

test.for(Object.entries(hostileErrors))('%s is told, and no more of it than can be sent', ([, make]) => {
  const info = errorInfo(make())
  expect(info.message).toBeTypeOf('string')
  expect(JSON.stringify(info).length).toBeLessThan(MOST)
})
