import type { ViteDevServer } from 'vite'
import { expect, test, vi } from 'vitest'
import { logOf } from './log.js'
import { resolveOptions } from './options.js'

test.for([
  ['/app', 'added at /app/src/app/pages/x.ts:3', 'added at src/app/pages/x.ts:3'],
  ['/app', 'GET http://localhost:5173/app/users', 'GET http://localhost:5173/app/users'],
  ['/app', "include: ['@s/app/utils'] (/app/vite.config.ts)", "include: ['@s/app/utils'] (vite.config.ts)"],
  ['/app', 'GET /app/users was re-issued', 'GET /app/users was re-issued'],
  ['/', 'added at /src/page.ts', 'added at src/page.ts'],
  ['/home/me/app+1', 'added at /home/me/app+1/src/page.ts', 'added at src/page.ts'],
  ['C:/app', 'added at C:/app/src/page.ts', 'added at src/page.ts'],
] as const)('in %s, "%s" is said shorter', ([root, message, said]) => {
  const warn = vi.fn()
  const server = { config: { root, logger: { warn } } } as unknown as ViteDevServer
  logOf(server, resolveOptions()).warn(message)
  expect(warn).toHaveBeenCalledExactlyOnceWith(`[evenkeel] ${said}`, { timestamp: true })
})
