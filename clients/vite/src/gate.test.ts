import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { Gate, type GateServer } from './gate.js'
import { resolveOptions } from './options.js'
import type { ReloadPlan } from './protocol.js'
import type { Sidecar } from './sidecar.js'

test('a client that leaves while it is held is waited for by nobody, and its request is not handled', async ({
  onTestFinished,
}) => {
  let gone: AbortSignal | undefined
  const sidecar = {
    nextRequest: () => 7,
    requestStarted: vi.fn(),
    requestFinished: vi.fn(),
    // As the sidecar's connection does it: a wait that is called off is over, without an answer.
    wait: vi.fn((_method: string, _params: object, signal: AbortSignal) => {
      gone = signal
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    }),
  }
  const log = { info: vi.fn(), warn: vi.fn() }
  const server = { base: '/' } as GateServer
  const gate = new Gate(sidecar as unknown as Sidecar, resolveOptions(), () => true, log, server)
  const handle = vi.fn()
  const listener = http.createServer((request, response) => gate.enter(request, response, handle))
  onTestFinished(() => void listener.close())
  await once(listener.listen(0, '127.0.0.1'), 'listening')

  const client = http.get({ host: '127.0.0.1', port: (listener.address() as AddressInfo).port })
  client.on('error', () => {})
  await vi.waitUntil(() => gone, { timeout: 20_000 })
  expect(gone?.aborted).toBe(false)
  client.destroy()
  await vi.waitUntil(() => gone?.aborted, { timeout: 20_000 })
  expect(sidecar.requestFinished).toHaveBeenCalledExactlyOnceWith(7)
  await new Promise((resolve) => setImmediate(resolve))
  expect(handle).not.toHaveBeenCalled()
  expect(sidecar.requestStarted).not.toHaveBeenCalled()
  expect(log.warn).not.toHaveBeenCalled()
})

test('a client that has left before the gate is none of its business', async ({ onTestFinished }) => {
  const sidecar = { nextRequest: vi.fn(() => 7), wait: vi.fn(async () => undefined) }
  const log = { info: vi.fn(), warn: vi.fn() }
  const server = { base: '/' } as GateServer
  const gate = new Gate(sidecar as unknown as Sidecar, resolveOptions(), () => true, log, server)
  const handled = vi.fn()
  const listener = http.createServer((request, response) => {
    // A middleware in front of it, a session's store for one, has taken its time.
    response.once('close', () => gate.enter(request, response, handled))
    request.socket.destroy()
  })
  onTestFinished(() => void listener.close())
  await once(listener.listen(0, '127.0.0.1'), 'listening')

  http.get({ host: '127.0.0.1', port: (listener.address() as AddressInfo).port }).on('error', () => {})
  await vi.waitUntil(() => handled.mock.calls.length > 0, { timeout: 20_000 })
  expect(sidecar.nextRequest).not.toHaveBeenCalled()
  expect(sidecar.wait).not.toHaveBeenCalled()
})

test.for([
  ['a sidecar that has admitted a request', { outcome: 'stable', waitedMs: 0 }, true],
  ['one that is gone, and whose successor knows nothing,', undefined, false],
] as const)('%s is told no more than it needs', async ([, answer, isAdmitted], { onTestFinished }) => {
  const sidecar = {
    nextRequest: () => 7,
    requestStarted: vi.fn(),
    requestFinished: vi.fn(),
    wait: vi.fn(async () => answer),
  }
  const server = { base: '/' } as GateServer
  const gate = new Gate(
    sidecar as unknown as Sidecar,
    resolveOptions(),
    () => true,
    { info: vi.fn(), warn: vi.fn() },
    server,
  )
  const listener = http.createServer((request, response) => gate.enter(request, response, () => response.end()))
  onTestFinished(() => void listener.close())
  await once(listener.listen(0, '127.0.0.1'), 'listening')

  await fetch(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/page`)
  const request = { request: 7, method: 'GET', url: '/page', mode: 'cors', followsRedirects: true, hasBody: false }
  expect(sidecar.wait).toHaveBeenCalledExactlyOnceWith('admit', request, expect.any(AbortSignal))
  expect(sidecar.requestStarted).toHaveBeenCalledExactlyOnceWith(request, isAdmitted)
})

test('a request that was sent with another one is over when their client leaves', async ({ onTestFinished }) => {
  let last = 0
  const sidecar = {
    nextRequest: () => ++last,
    requestStarted: vi.fn(),
    requestFinished: vi.fn(),
    wait: async () => undefined,
  }
  const log = { info: vi.fn(), warn: vi.fn() }
  const gate = new Gate(sidecar as unknown as Sidecar, resolveOptions(), () => true, log, { base: '/' } as GateServer)
  const handled = vi.fn()
  const listener = http.createServer((request, response) => gate.enter(request, response, handled))
  onTestFinished(() => void listener.close())
  await once(listener.listen(0, '127.0.0.1'), 'listening')

  const client = net.connect((listener.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n')
  await vi.waitUntil(() => handled.mock.calls.length === 2, { timeout: 20_000 })
  client.destroy()
  await vi.waitUntil(() => sidecar.requestFinished.mock.calls.length > 0, { timeout: 20_000 })
  await new Promise((resolve) => setImmediate(resolve))
  expect(sidecar.requestFinished.mock.calls.toSorted()).toEqual([[1], [2]])
})

test('a response that is kept for one reload is kept for the next one, too', async ({ onTestFinished }) => {
  const sidecar = {
    nextRequest: () => 7,
    requestStarted: vi.fn(),
    requestFinished: vi.fn(),
    requestRetried: vi.fn(),
    wait: async () => undefined,
  }
  const log = { info: vi.fn(), warn: vi.fn() }
  const gate = new Gate(sidecar as unknown as Sidecar, resolveOptions(), () => true, log, { base: '/' } as GateServer)
  const plans: Array<(plan: ReloadPlan) => void> = []
  const planned = () => new Promise<ReloadPlan>((resolve) => void plans.push(resolve))
  const listener = http.createServer((request, response) =>
    gate.enter(request, response, async () => {
      gate.judge(planned())
      response.end('mixed')
      gate.judge(planned())
      plans[0]?.({ reload: [], warm: [], verdicts: [] })
      await new Promise((resolve) => setImmediate(resolve))
      const verdict = { request: 7, action: 'redirect', kind: 'doomed', reason: '' } as const
      plans[1]?.({ reload: [], warm: [], verdicts: [verdict] })
    }),
  )
  onTestFinished(() => void listener.close())
  await once(listener.listen(0, '127.0.0.1'), 'listening')

  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/page`
  const answer = await fetch(url, { redirect: 'manual' })
  expect([answer.status, await answer.text()]).toEqual([307, ''])
})
