import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { Gate, type GateServer } from './gate.js'
import { resolveOptions } from './options.js'
import type { Sidecar } from './sidecar.js'

test('a client that leaves while it is held is waited for by nobody, and its request is not handled', async ({ onTestFinished }) => {
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
  const server = { base: '/', browserReloads: () => 0 } as GateServer
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
