// A request line can name anything; a redirect to it must stay with the same origin.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samePath } from '../../clients/vite/dist/request-target.js'

test('whatever a request names, its redirect is a path of the same origin', () => {
  const table = [
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
  ]
  for (const [target, expected] of table) {
    assert.equal(samePath(target), expected, target)
    for (const page of ['http://localhost:5173/page', 'http://localhost:5173//page']) {
      assert.equal(new URL(samePath(target), page).origin, 'http://localhost:5173', target)
    }
  }
})
