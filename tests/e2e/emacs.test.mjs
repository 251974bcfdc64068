// Emacs with eglot, a client that knows nothing of Evenkeel but where its language server is: what any editor sees.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { after, before, test } from 'node:test'
import { spareDeps } from '../apps/pages/table.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { guarded } from './lib/guarded.mjs'
import { saveLine } from './lib/log.mjs'
import { binary } from './lib/paths.mjs'
import { printed } from './lib/waiting.mjs'

const script = fileURLToPath(new URL('lib/eglot.el', import.meta.url))
const late = spareDeps.find(({ dep }) => dep === '@radix-ui/react-dialog')
const next = draft(1, [late])

let session
let home
before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'evenkeel-emacs-'))
  session = await openSession('worker', { env: guarded() })
  await session.ask()
  await Promise.all([printed(session.server, saveLine), session.save(next)])
  const answer = await session.ask()
  assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
})
after(async () => {
  await session?.close()
  await rm(home, { recursive: true, force: true })
})

test('eglot marks the late import and offers the fix, and is sent nothing that it does not know', async () => {
  const env = { ...process.env, HOME: home, EVENKEEL: binary, ROOT: session.root, FILE: session.inRoot('src/draft.tsx') }
  const emacs = ['--batch', '--no-init-file', '--load', script]
  const { stdout, stderr } = await promisify(execFile)('emacs', emacs, { env, timeout: 60_000 })
  const { diagnostics, actions } = JSON.parse(stdout)
  assert.equal(diagnostics.length, 1, stdout)
  const [{ line, text }] = diagnostics
  assert.equal(line, next.source.split('\n').indexOf(late.imports) + 1)
  assert.match(text, new RegExp(`\`${late.dep}\` was discovered late`))
  assert.deepEqual(actions, [`Show how to add \`${late.dep}\` to optimizeDeps.include of \`evenkeel_fixture_worker\``])
  assert.doesNotMatch(stderr, /unknown (?:notification|method|request)|serverStatus/i)
})
