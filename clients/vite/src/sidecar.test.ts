// Whatever runs where the sidecar should be, and whenever it ends: nothing is thrown into Node, and the log says what it was.
// The programs here are scripts for Node; tests/e2e/sidecar.test.mjs has the real one.
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { acquire, type Lease } from './lease.js'
import { type EvenkeelOptions, resolveOptions } from './options.js'

const real = { setInterval, clearInterval }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-hostile-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const leases: Lease[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const lease of leases.splice(0)) lease.release()
})

let projects = 0
function lease(options: EvenkeelOptions = {}, project = `project ${++projects}`) {
  const said: string[] = []
  const log = { info() {}, warn: (message: string) => void said.push(message) }
  const taken = acquire(project, resolveOptions({ callDeadline: 5_000, deadline: 2_000, ...options }), log)
  leases.push(taken)
  return { ...taken, said, project }
}

const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 20_000, interval: 10 })

async function program(text: string | Buffer, name = `program-${++projects}`): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  await chmod(file, 0o755)
  return file
}

const script = (text: string) => program(`#!${process.execPath}\n${text}`)

/** Answers `initialize`, writes down all that it is told, and does the rest as the text says. */
const initialized = (rest: string) => `
  const { appendFileSync } = require('node:fs')
  const send = (message, body = JSON.stringify(message)) =>
    process.stdout.write('Content-Length: ' + Buffer.byteLength(body) + '\\r\\n\\r\\n' + body)
  const answer = (id, result) => send({ jsonrpc: '2.0', id, result })
  let text = ''
  process.stdin.setEncoding('utf8').on('end', () => process.exit()).on('data', (chunk) => {
    text += chunk
    for (let match; (match = /Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text)); ) {
      const begin = match.index + match[0].length
      if (text.length < begin + Number(match[1])) return
      const message = JSON.parse(text.slice(begin, begin + Number(match[1])))
      text = text.slice(begin + Number(match[1]))
      appendFileSync(process.argv[1] + '.log', JSON.stringify(message) + '\\n')
      if (message.method === 'initialize') answer(message.id, { capabilities: { experimental: { evenkeel: { protocolVersion: 2 } } } })
      else hear(message)
    }
  })
  function hear({ id, method, params }) { ${rest} }
`
interface Message {
  id?: number
  method: string
  params: Record<string, unknown>
}

const heard = async (file: string) =>
  (await readFile(`${file}.log`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Message)

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

for (const [what, text] of [
  ['half a frame', `process.stdout.write('Content-Length: 50\\r\\n\\r\\n{"json')`],
  ['silence', ''],
]) {
  test(`${what} where the sidecar should be is waited for a few times`, async () => {
    process.env.EVENKEEL_BINARY = await script(`${text}; setInterval(() => {}, 1e6)`)
    const { sidecar, said } = lease({ callDeadline: 50 })
    expect(await sidecar.wait('admit', { request: 1, method: 'GET', url: '/' })).toBeUndefined()
    await until(() => said.length === 2)
    const late = 'the sidecar did not answer initialize within 250 ms.'
    expect(said).toEqual([
      `${late} It is being restarted; Vite goes on without it meanwhile.`,
      `${late} Vite goes on without Evenkeel until it is restarted.`,
    ])
    expect(sidecar.pid).toBeUndefined()
  })
}

/** Does something else the first time that it is started. */
const otherwiseAtFirst = (text: string) => `
  const { existsSync, writeFileSync } = require('node:fs')
  const started = process.argv[1] + '.started'
  if (existsSync(started)) {
    ${initialized(`if (method === 'status') answer(id, { environments: [], records: [] })`)}
  } else {
    writeFileSync(started, '')
    ${text}
  }
`

for (const [what, text, words] of [
  ['slow', 'setInterval(() => {}, 1e6)', /did not answer initialize within \d+ ms\. It is being restarted/],
  ['killed', `process.kill(process.pid, 'SIGKILL')`, /ended \(SIGKILL\)\. It is being restarted/],
] as const) {
  test(`a program that is ${what} before it has answered is started again`, async () => {
    process.env.EVENKEEL_BINARY = await script(otherwiseAtFirst(text))
    const { sidecar, said } = lease({ callDeadline: 1_000 })
    await until(() => said.length > 0)
    expect(said[0]).toMatch(words)
    await until(() => sidecar.trouble === undefined)
    expect(await sidecar.request('status', {})).toBeTruthy()
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

test('deaths are forgiven after a healthy minute, and an hour later it is restarted as at first', async () => {
  process.env.EVENKEEL_BINARY = await script(
    initialized(`if (method === 'status') answer(id, { environments: [], records: [] })`),
  )
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  // What is faked is Vite's time; the program's own goes on.
  const soon = (look: () => boolean) =>
    new Promise<void>((resolve) => {
      const timer = real.setInterval(() => look() && (real.clearInterval(timer), resolve()), 5)
    })
  const { sidecar, said } = lease()
  for (let life = 1; life <= 5; life++) {
    await soon(() => sidecar.trouble === undefined)
    vi.advanceTimersByTime(3_600_000)
    const { pid } = sidecar
    process.kill(pid as number, 'SIGKILL')
    await soon(() => sidecar.trouble !== undefined)
    expect(said.at(-1)).toMatch(/^the sidecar ended \(SIGKILL\)\. It is being restarted/)
    expect(said).toHaveLength(life)
    vi.advanceTimersByTime(100)
  }
  await soon(() => sidecar.trouble === undefined)
})

test('a restart of Vite starts a sidecar that was given up, as one that is installed by now', async () => {
  const file = path.join(folder, 'installed-late')
  process.env.EVENKEEL_BINARY = file
  const first = lease()
  await until(() => first.sidecar.trouble?.includes('which does not exist'))
  const made = await script(initialized(`if (method === 'status') answer(id, { environments: [], records: [] })`))
  await rename(made, file)
  first.sidecar.requestStarted({ request: 7, method: 'GET', url: '/' })
  const second = lease({}, first.project)
  first.release()
  expect(await second.sidecar.request('status', {})).toBeTruthy()
  expect(second.sidecar.trouble).toBeUndefined()
  const started = (await heard(file)).filter(({ method }) => method === 'request/didStart')
  expect(
    started.map(({ params }) => params.request),
    'it knows who is inside',
  ).toContain(7)
})

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
