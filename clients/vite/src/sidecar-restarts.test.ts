// A sidecar that ends, or never begins, is started again as long as that may help.
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { folder, heard, initialized, lease, script, until } from './sidecar.test-kit.js'

const real = { setInterval, clearInterval }
const answersStatus = initialized(`if (method === 'status') answer(id, { environments: [], records: [] })`)

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
    ${answersStatus}
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
    const { sidecar, said } = lease({ callDeadline: 400 })
    await until(() => said.length > 0)
    expect(said[0]).toMatch(words)
    await until(() => sidecar.trouble === undefined)
    expect(await sidecar.request('status', {})).toBeTruthy()
  })
}

test('deaths are forgiven after a healthy minute, and an hour later it is restarted as at first', async () => {
  process.env.EVENKEEL_BINARY = await script(answersStatus)
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
  const made = await script(answersStatus)
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
