import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { StatusReport } from './protocol.js'
import type { Sidecar } from './sidecar.js'
import { StatusStream } from './status-stream.js'

const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 20_000, interval: 5 })

/** A sidecar that counts how often it is asked, and whose answers are steered. */
function sidecarWith(status: object) {
  const changes = new EventEmitter()
  const sidecar = {
    asked: 0,
    status: undefined,
    async request() {
      sidecar.asked++
      return { environments: [], records: [], ...status } as unknown as StatusReport
    },
    watch(changed: () => void) {
      changes.on('changed', changed)
      return () => changes.off('changed', changed)
    },
    change: () => changes.emit('changed'),
    watchers: () => changes.listenerCount('changed'),
  }
  return sidecar
}

/** A response as far as the stream uses it. */
class Viewer extends EventEmitter {
  readonly told: string[] = []
  writableLength = 0
  writeHead = () => this
  write = (text: string) => this.told.push(text)
  end = () => this.emit('close')
  destroy = () => this.emit('close')

  get statuses(): number {
    return this.told.filter((text) => text.includes('event: status')).length
  }
}

function streamOf(sidecar: object) {
  const stream = new StatusStream(sidecar as Sidecar, { root: '/' })
  onTestFinished(() => stream.close())
  return function view() {
    const viewer = new Viewer()
    stream.serve({ method: 'GET' } as IncomingMessage, viewer as unknown as ServerResponse)
    return viewer
  }
}

test('nobody asks while nobody looks', async () => {
  const sidecar = sidecarWith({})
  const view = streamOf(sidecar)
  sidecar.change()
  expect(sidecar.watchers()).toBe(0)
  const viewer = view()
  await until(() => viewer.statuses === 1)
  viewer.emit('close')
  expect(sidecar.watchers()).toBe(0)
  expect(sidecar.asked).toBe(1)
})

test('many changes are few questions, and the last one is answered', async () => {
  const sidecar = sidecarWith({})
  const viewer = streamOf(sidecar)()
  const startedAt = performance.now()
  await until(() => {
    sidecar.change()
    return performance.now() - startedAt > 1_000
  })
  const { asked } = sidecar
  expect(asked).toBeGreaterThanOrEqual(2)
  expect(asked).toBeLessThanOrEqual((performance.now() - startedAt) / 100 + 1)
  await until(() => viewer.statuses === asked + 1)
})

test('while something moves it is asked again and again', async () => {
  const viewer = streamOf(sidecarWith({ environments: [{ phase: 'optimizing' }] }))()
  await until(() => viewer.statuses === 3)
})

test('a viewer that reads nothing is dropped, and the others are told', async () => {
  const sidecar = sidecarWith({})
  const view = streamOf(sidecar)
  const slow = view()
  const quick = view()
  await until(() => slow.statuses && quick.statuses)
  slow.writableLength = 2 ** 21
  const dropped = once(slow, 'close')
  const before = { slow: slow.statuses, quick: quick.statuses }
  sidecar.change()
  await dropped
  await until(() => quick.statuses > before.quick)
  expect(slow.statuses).toBe(before.slow)
})
