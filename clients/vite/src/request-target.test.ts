// A request line can name anything; a redirect to it must stay with the same origin.
import { expect, test } from 'vitest'
import { samePath } from './request-target.js'

test.for([
  ['/', '/'],
  ['/a/b?c=/d', '/a/b?c=/d'],
  ['//evil.example/a', '/.//evil.example/a'],
  ['//', '/.//'],
  ['/\\evil.example/a', '/%5Cevil.example/a'],
  ['\\\\evil.example', '/'],
  ['http://', '/'],
  ['http://evil.example/a?b', '/a?b'],
  ['http://evil.example//other.example', '/.//other.example'],
  ['mailto:someone', '/'],
  ['*', '/'],
  ['', '/'],
] as const)('a request for %j is redirected within its origin, to %j', ([target, expected]) => {
  expect(samePath(target)).toBe(expected)
  for (const page of ['http://localhost:5173/page', 'http://localhost:5173//page']) {
    expect(new URL(samePath(target), page).origin).toBe('http://localhost:5173')
  }
})
