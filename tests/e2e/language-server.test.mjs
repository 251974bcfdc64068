// What the language server tells any editor beside a real dev server, where the tests of the editors do not show it.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { spareDeps } from '../apps/pages/table.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { guarded } from './lib/guarded.mjs'
import { startLanguageServer } from './lib/language-server.mjs'
import { saveLine } from './lib/log.mjs'
import { isRunning } from './lib/processes.mjs'
import { printed, until } from './lib/waiting.mjs'

const environment = 'evenkeel_fixture_worker'
const late = spareDeps.find(({ dep }) => dep === '@radix-ui/react-dialog')
const next = draft(1, [late])

describe('the language server', () => {
  let session
  let server
  const draftUri = () => pathToFileURL(session.inRoot('src/draft.tsx')).href
  const marked = () => server.told('textDocument/publishDiagnostics').findLast(({ uri }) => uri === draftUri())?.diagnostics ?? []

  before(async () => {
    session = await openSession('worker', { env: guarded() })
    server = await startLanguageServer(session.root)
    await server.begin()
  })
  after(() => session?.close())

  test('a config that only its author can change is left alone', async () => {
    await Promise.all([printed(session.server, saveLine), session.save(next)])
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    const diagnostics = await until('the import is marked', () => marked().length > 0 && marked())
    const [{ range }] = diagnostics
    const [action] = await server.ask('textDocument/codeAction', { textDocument: { uri: draftUri() }, range, context: { diagnostics } })
    assert.equal(action.edit, undefined)
    await server.ask('workspace/executeCommand', action.command)
    const advice = `environments: { ${environment}: { optimizeDeps: { include: ['${late.dep}'] } } }`
    await until('the text to add is shown', () => server.told('window/showMessage').some(({ message }) => message.includes(advice)))
  })

  test('what was late before the dev server restarted is not marked any more', async () => {
    const restart = server.ask('workspace/executeCommand', { command: 'evenkeel.restartDevServer' })
    await Promise.all([printed(session.server, /server restarted/), restart])
    await until('nothing is marked', () => marked().length === 0)
  })

  test('every progress that was begun has ended', async () => {
    const number = (kind) => server.told('$/progress').filter(({ value }) => value.kind === kind).length
    await until('as many have ended', () => number('end') === number('begin'))
  })

  test('it ends with its editor', async () => {
    assert.equal(await server.stop(), 0)
    assert.ok(!isRunning(server.pid))
  })
})
