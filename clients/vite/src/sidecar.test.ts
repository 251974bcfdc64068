// Whatever runs where the sidecar should be: nothing is thrown into Node, and the log says what it was. The programs here are scripts
// for Node; tests/e2e/sidecar.test.mjs has the real one.
import { expect, test } from 'vitest'
import { folder, heard, initialized, lease, program, script, until } from './sidecar.test-kit.js'

const elf = (machine: number) => {
  const head = Buffer.alloc(64)
  head.write('\x7fELF', 'latin1')
  head.set([2, 1, 1], 4)
  head.writeUInt16LE(2, 16)
  head.writeUInt16LE(machine, 18)
  return head
}

const programs: Array<[string, () => Promise<string>, RegExp]> = [
  [
    'no JSON',
    () => script(`console.log('hello'); setInterval(() => {}, 1e6)`),
    /^the sidecar sent something that is no frame: "hello/,
  ],
  [
    'no JSON in a frame',
    () => script(`process.stdout.write('Content-Length: 5\\r\\n\\r\\nhello'); setInterval(() => {}, 1e6)`),
    /^the sidecar sent something that is no JSON: "hello"/,
  ],
  [
    'null',
    () => script(`process.stdout.write('Content-Length: 4\\r\\n\\r\\nnull'); setInterval(() => {}, 1e6)`),
    /^the sidecar sent something that is no message: null/,
  ],
  [
    'a frame without a length',
    () => script(`process.stdout.write('Content-Type: x\\r\\n\\r\\n{}'); setInterval(() => {}, 1e6)`),
    /^the sidecar sent a frame without a length/,
  ],
  [
    'an absurd length',
    () => script(`process.stdout.write('Content-Length: 99999999999\\r\\n\\r\\n'); setInterval(() => {}, 1e6)`),
    /^the sidecar sent a frame of 99999999999 bytes/,
  ],
  [
    'null for capabilities',
    () =>
      script(
        `process.stdin.once('data', () => process.stdout.write('Content-Length: 38\\r\\n\\r\\n{"jsonrpc":"2.0","id":1,"result":null}')); setInterval(() => {}, 1e6)`,
      ),
    /^the sidecar speaks protocol undefined/,
  ],
  [
    'exit at once',
    () => script('process.exit(7)'),
    /^the sidecar ended \(code 7\)\. Vite goes on without Evenkeel until it is restarted\.$/,
  ],
  [
    'another architecture',
    () => program(elf(process.arch === 'x64' ? 0xb7 : 0x3e)),
    /^EVENKEEL_BINARY names \S+, which is made for \w+, and this is linux-\w+: correct it or unset it\. Vite goes on/,
  ],
  ['an unknown processor', () => program(elf(0x1234)), /which is made for another processor, and this is/],
  ['no program', () => program('just text'), /which is not a program for linux-\w+: correct it/],
  [
    'nothing',
    async () => '/nonexistent',
    /^EVENKEEL_BINARY names \/nonexistent, which does not exist: correct it or unset it\. Vite goes on without Evenkeel until it is restarted\.$/,
  ],
  ['a folder', async () => folder, /^EVENKEEL_BINARY names \S+, which is not a file: correct it/],
]
for (const [what, make, words] of programs) {
  test(`${what} where the sidecar should be`, async () => {
    process.env.EVENKEEL_BINARY = await make()
    const { sidecar, said } = lease()
    expect(await sidecar.wait('admit', { request: 1, method: 'GET', url: '/' })).toBeUndefined()
    await until(() => said.length > 0)
    expect(said[0]).toMatch(words)
    expect(await sidecar.request('status', {})).toBeUndefined()
    expect(said).toHaveLength(1)
    expect(sidecar.pid).toBeUndefined()
  })
}

const answers: Array<[string, string, RegExp]> = [
  [
    'an answer of another shape',
    `if (method === 'admit') answer(id, 42)`,
    /^the sidecar answered admit with 42\. It is being restarted/,
  ],
  [
    'a plan without lists',
    `if (method === 'onFullReload') answer(id, { verdicts: 5 })`,
    /^the sidecar answered onFullReload with \{"verdicts":5\}/,
  ],
  [
    'an error that is none',
    `if (id) send({ jsonrpc: '2.0', id, error: 'no' })`,
    /^the sidecar sent an error that is none/,
  ],
  [
    'a notification of another shape',
    `if (id) send({ jsonrpc: '2.0', method: 'window/logMessage', params: null })`,
    /^the sidecar \S.*null/,
  ],
]
for (const [what, rest, words] of answers) {
  test(`${what}: the sidecar is treated as dead`, async () => {
    process.env.EVENKEEL_BINARY = await script(initialized(rest))
    const { sidecar, said } = lease()
    const isPlan = what === 'a plan without lists'
    const asked = isPlan
      ? sidecar.request('onFullReload', { reloads: [{ environment: 'ssr' }] })
      : sidecar.request('admit', { request: 1, method: 'GET', url: '/' })
    expect(await asked).toBeUndefined()
    await until(() => said.length > 0)
    expect(said[0]).toMatch(words)
  })
}

test('one heartbeat at a time, and a wait that is over is called off on the wire', async () => {
  const file = await script(
    initialized(`
      if (method === 'admit') globalThis.held = params.request === 1 ? id : answer(id, { outcome: 'stable', waitedMs: 0 })
      if (method === 'awaitStable') answer(id, { stable: false })
      if (method === '$/cancelRequest') send({ jsonrpc: '2.0', id: params.id, error: { code: -32800, message: 'Canceled' } })
    `),
  )
  process.env.EVENKEEL_BINARY = file
  const { sidecar, said } = lease()
  for (let request = 2; request < 40; request++) await sidecar.wait('admit', { request, method: 'GET', url: '/' })
  const gone = new AbortController()
  const held = sidecar.wait('admit', { request: 1, method: 'GET', url: '/' }, gone.signal)
  const pings = async () => (await heard(file)).filter(({ method }) => method === 'awaitStable').length
  await until(async () => (await pings()) >= 3)
  gone.abort()
  sidecar.requestFinished(1)
  expect(await held).toBeUndefined()
  expect(await pings()).toBeLessThan(10)
  await until(async () => (await heard(file)).at(-1)?.method === 'request/didFinish')
  const messages = await heard(file)
  const admit = messages.find(({ method, params }) => method === 'admit' && params.request === 1)
  expect(messages.at(-2)).toMatchObject({ method: '$/cancelRequest', params: { id: admit?.id } })
  expect(said).toEqual([])
})
