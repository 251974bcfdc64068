// The extension as it is packaged, with the real language server and the real dev server. VS Code itself would have to be downloaded:
// what stands in for it knows the few things that are looked at here.
import assert from 'node:assert/strict'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { spareDeps } from '../apps/pages/table.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { openWindow } from './lib/editor-window.mjs'
import { guarded } from './lib/guarded.mjs'
import { saveLine } from './lib/log.mjs'
import { binary } from './lib/paths.mjs'
import { childrenOf, commandOf } from './lib/processes.mjs'
import { printed, until } from './lib/waiting.mjs'

const bundle = fileURLToPath(new URL('../../clients/vscode/dist/extension.js', import.meta.url))
const late = spareDeps.find(({ dep }) => dep === '@radix-ui/react-dialog')
const languageServers = () => childrenOf(process.pid).filter((pid) => commandOf(pid).endsWith(' lsp'))

describe('beside a dev server', () => {
  let session
  let window
  let extension
  before(async () => {
    session = await openSession('worker', { env: guarded() })
    window = openWindow({ folder: session.root, settings: { 'evenkeel.binary': binary } })
    extension = await window.load(bundle)
    await extension.activate({ subscriptions: [] })
  })
  after(async () => {
    await extension?.deactivate()
    await session?.close()
  })
  const shown = (text) => until(`the status bar shows ${text}`, () => window.barShown && window.bar.at(-1).text === text)

  test('the status bar goes with a re-optimization', async () => {
    await shown('$(check) Evenkeel')
    const next = draft(1, [late])
    await Promise.all([printed(session.server, saveLine), session.save(next)])
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    const working = await until('the spinner is shown', () => window.bar.find(({ text }) => text.startsWith('$(sync~spin) re-optimizing ')))
    assert.match(working.tooltip, new RegExp(late.dep))
    await shown('$(check) Evenkeel')
    await until('the import is marked', () => window.marks.get(session.inRoot('src/draft.tsx')) === 1)
  })

  test('a click on it opens the timeline', async () => {
    await window.run(window.bar.at(-1).command)
    const [url] = await until('a browser is opened', () => window.opened.length > 0 && window.opened)
    assert.match(url, new RegExp(`^http://(?:localhost|127\\.0\\.0\\.1):${session.server.port}/__evenkeel/$`))
  })

  test('Restart Dev Server restarts it', async () => {
    await Promise.all([printed(session.server, /server restarted/), window.run('evenkeel.restart')])
  })

  test('a language server that is killed is started anew', async () => {
    const [killed] = languageServers()
    const from = window.bar.length
    process.kill(killed, 'SIGKILL')
    await until('there is another one', () => languageServers().some((pid) => pid !== killed))
    await until('and the status bar is right again', () => window.bar.length > from && window.bar.at(-1).text === '$(check) Evenkeel')
  })

  test('nothing went wrong, and nothing is left', async () => {
    assert.deepEqual(window.errors, [])
    assert.equal(languageServers().length, 1)
    await extension.deactivate()
    await until('the language server has ended', () => languageServers().length === 0)
  })
})

describe('without the binary', () => {
  const folder = fileURLToPath(new URL('../apps/worker', import.meta.url))
  const settings = { 'evenkeel.binary': '/no/such/evenkeel' }
  const problem = 'The setting evenkeel.binary names /no/such/evenkeel, which does not exist. Correct it or unset it.'
  const started = async (given) => {
    const window = openWindow({ folder, settings, ...given })
    await (await window.load(bundle)).activate({ subscriptions: [] })
    return window
  }

  test('it is said in a project with a Vite config', async () => {
    const window = await started({ files: [path.join(folder, 'vite.config.mjs')] })
    const { text, tooltip, color } = window.bar.at(-1)
    assert.deepEqual([text, tooltip, color], ['$(warning) Evenkeel', `Evenkeel: ${problem}`, 'statusBarItem.warningBackground'])
    await window.run('evenkeel.timeline')
    assert.deepEqual(window.errors, [problem])
  })

  test('and elsewhere only to those who ask', async () => {
    const window = await started({})
    assert.deepEqual([window.barShown, window.log.at(-1)], [false, problem])
  })
})
