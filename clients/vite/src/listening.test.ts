import type { ViteDevServer } from 'vite'
import { expect, test } from 'vitest'
import { urlOf } from './listening.js'

test.for([
  [undefined, 'http://localhost:5173/'],
  [true, 'http://localhost:5173/'],
  ['0.0.0.0', 'http://localhost:5173/'],
  ['::', 'http://localhost:5173/'],
  ['localhost', 'http://localhost:5173/'],
  ['127.0.0.1', 'http://127.0.0.1:5173/'],
  ['::1', 'http://[::1]:5173/'],
  ['my-machine', 'http://my-machine:5173/'],
] as const)('a server of host %s is at %s', ([host, url]) => {
  const httpServer = { address: () => ({ address: '127.0.0.1', family: 'IPv4', port: 5173 }) }
  expect(urlOf({ config: { server: { host }, base: '/' }, httpServer } as unknown as ViteDevServer)).toBe(url)
})
