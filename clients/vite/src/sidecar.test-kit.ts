// What the tests of the sidecar's process have in common: programs, which are scripts for Node, and leases that end with a test.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import { acquire, type Lease } from './lease.js'
import { type EvenkeelOptions, resolveOptions } from './options.js'

export let folder: string
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
export function lease(options: EvenkeelOptions = {}, project = `project ${++projects}`) {
  const said: string[] = []
  const log = { info() {}, warn: (message: string) => void said.push(message) }
  const taken = acquire(project, resolveOptions({ callDeadline: 5_000, deadline: 2_000, ...options }), log)
  leases.push(taken)
  return { ...taken, said, project }
}

export const until = (look: () => unknown) => vi.waitUntil(look, { timeout: 20_000, interval: 10 })

export async function program(text: string | Buffer, name = `program-${++projects}`): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  await chmod(file, 0o755)
  return file
}

export const script = (text: string) => program(`#!${process.execPath}\n${text}`)

/** Answers `initialize`, writes down all that it is told, and does the rest as the text says. */
export const initialized = (rest: string) => `
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

/** What follows the last line break is not written to its end yet. */
export const heard = async (file: string) =>
  (await readFile(`${file}.log`, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Message)
