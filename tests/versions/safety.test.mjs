// What Vite refuses stays refused: every spelling of a file that it must not serve is answered the same with and without
// Evenkeel, by status and by body.
import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startApp } from '../e2e/lib/app.mjs'
import { defaults } from '../e2e/lib/guarded.mjs'
import { ask } from '../e2e/lib/raw.mjs'
import { onePerVite, openStack } from './lib/stacks.mjs'

const secret = 'evenkeel-secret'
const names = ['secret.txt', 'secret.js']
const suffixes = [
  '', '?raw', '?import&raw', '?raw&import', '?url', '?import&url', '?inline', '?import&inline', '?url&inline', '?raw&url',
  '?raw??', '?import&raw??', '?t=1&raw', '?import', '?worker', '?worker&inline', '?.svg?raw', '?.svg?import&raw', '?.svg?.wasm?init',
  '?%72aw', '?import&%72aw', '?raw#x',
]

let outside
before(async () => {
  outside = await realpath(await mkdtemp(path.join(tmpdir(), 'evenkeel-outside-')))
  for (const name of names) await writeFile(path.join(outside, name), `export const it = '${secret}'\n`)
})
after(() => rm(outside, { recursive: true, force: true }))

for (const stack of onePerVite) {
  describe(`Vite ${stack.vite}`, () => {
    const closing = []
    after(async () => {
      for (const close of closing.reverse()) await close()
    })

    test('serves and refuses the same with Evenkeel as without', async () => {
      const opened = await openStack(stack)
      closing.push(opened.remove)
      const answers = []
      for (const env of [{ EVENKEEL: 'off' }, defaults()]) {
        const app = await startApp({ app: 'plain', stack: opened, env })
        closing.push(app.stop)
        answers.push(await askAll(app))
      }
      const [bare, guarded] = answers
      assert.ok(bare.size > 500 && [...bare.values()].some(({ status }) => status === 403), 'Vite refuses some')
      const differing = [...bare].filter(([target, answer]) => !same(answer, guarded.get(target)))
      assert.deepEqual(differing.map(([target, answer]) => describeBoth(target, answer, guarded.get(target))), [])
    })

    test("shows Evenkeel's page to nobody whom Vite refuses", async () => {
      const opened = await openStack(stack)
      closing.push(opened.remove)
      const app = await startApp({ app: 'plain', stack: opened, env: defaults() })
      closing.push(app.stop)
      const statusOf = async (host) => (await ask(app, { path: '/__evenkeel/', headers: { host } })).status
      assert.deepEqual([await statusOf(`127.0.0.1:${app.port}`), await statusOf('evil.example')], [200, 403])
    })
  })
}

async function askAll(app) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  const asked = targets(app.root).map(async (target) => {
    const { status, text } = await ask(app, { path: target, agent })
    return [target, { status, body: comparable(text, app) }]
  })
  const answers = new Map(await Promise.all(asked))
  agent.destroy()
  return answers
}

/** As they are written in a request, which no client would write so by itself. */
function targets(root) {
  const files = [...names.map((name) => path.join(outside, name)), path.join(root, '.env')]
  const up = (file) => path.relative(root, file).split(path.sep).join('/')
  return files.flatMap((file) => {
    const spellings = [
      `/@fs${file}`, `//@fs${file}`, `/@fs/${file}`, `/@fs${encoded(file)}`, `/%40fs${file}`, `/@fs${root}/${up(file)}`,
      `/@fs${root}/${up(file).replaceAll('../', '..%2f')}`, file, `/${file}`, `/${up(file)}`, `/${up(file).replaceAll('.', '%2e')}`,
      `/@id/${file}`, `/@id/__x00__${file}`, `/src/${'../'}${up(file)}`, `/@fs${file.toUpperCase()}`,
    ]
    return spellings.flatMap((spelling) => suffixes.map((suffix) => spelling + suffix))
  })
}

const encoded = (file) => file.replace(/[a-z.]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)

const same = (one, other) => one.status === other.status && one.body === other.body

const describeBoth = (target, bare, guarded) =>
  `${target}: ${bare.status} without, ${guarded.status} with Evenkeel${guarded.body.includes(secret) ? ', and the secret' : ''}`

/** Without what differs between any two servers: the port, hashes with the time in them, and who called whom. */
function comparable(text, { port }) {
  return text
    .replaceAll(String(port), 'PORT')
    .replace(/([?&])([vt])=[\w-]+/g, '$1$2=X')
    .replace(/(?:\\n|\n)\s+at (?:(?!\\n|\n|"|<).)*/g, '')
}
