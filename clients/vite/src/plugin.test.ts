import { createLogger, createServer } from 'vite'
import { afterEach, expect, test, vi } from 'vitest'
import { evenkeel } from './plugin.js'

afterEach(() => vi.unstubAllEnvs())

test.for([
  ['a server that optimizes nothing', { noDiscovery: true }, 0],
  ['one that optimizes what it is told to', { noDiscovery: true, include: ['vite'] }, 1],
  ['one that discovers dependencies', {}, 1],
] as const)('%s starts as many sidecars as it needs', async ([, optimizeDeps, sidecars], { onTestFinished }) => {
  vi.stubEnv('EVENKEEL_BINARY', '/nowhere')
  const logger = createLogger('silent')
  const warn = vi.spyOn(logger, 'warn')
  const server = await createServer({
    configFile: false,
    customLogger: logger,
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { ...optimizeDeps, include: [...('include' in optimizeDeps ? optimizeDeps.include : [])] },
    plugins: [evenkeel()],
  })
  onTestFinished(() => server.close())
  const missing = () => warn.mock.calls.filter(([message]) => message.includes('/nowhere'))
  if (sidecars > 0) await vi.waitUntil(() => missing().length > 0, { timeout: 20_000 })
  expect(missing()).toHaveLength(sidecars)
})
