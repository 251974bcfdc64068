import type { Connect, ViteDevServer } from 'vite'
import { expect, test } from 'vitest'
import { moveAfterHostCheck } from './middlewares.js'

const page: Connect.NextHandleFunction = () => undefined
const gate: Connect.NextHandleFunction = () => undefined
function viteHostCheckMiddleware() {}
function cors() {}

test.for([
  [
    'comes after it, and nothing else moves',
    [page, gate, viteHostCheckMiddleware, cors],
    [gate, viteHostCheckMiddleware, page, cors],
  ],
  [
    'stays where it is if the check comes first',
    [viteHostCheckMiddleware, page, gate],
    [viteHostCheckMiddleware, page, gate],
  ],
  ['stays where it is if there is no check', [page, gate, cors], [page, gate, cors]],
] as const)("a middleware that is to come after Vite's check of the host %s", ([, before, after]) => {
  const stack = before.map((handle) => ({ route: '', handle }))
  moveAfterHostCheck({ middlewares: { stack } } as unknown as ViteDevServer, page)
  expect(stack.map(({ handle }) => handle)).toEqual(after)
})
