// What VS Code's status bar shows, by the extension's own code, of what the real language server tells a plain client. No VS Code runs
// here: it would have to be downloaded. `vscode-extension.test.mjs` has the whole extension, with a stand-in for VS Code.
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { MissingBinary, findBinary } from '../../clients/vscode/dist/modules/binary.js'
import { statusBarContent } from '../../clients/vscode/dist/modules/status.js'
import { spareDeps } from '../apps/pages/table.mjs'
import { copyApp, startApp } from './lib/app.mjs'
import { draft, shows } from './lib/drafts.mjs'
import { guarded } from './lib/guarded.mjs'
import { startLanguageServer } from './lib/language-server.mjs'
import { saveLine } from './lib/log.mjs'
import { isRunning } from './lib/processes.mjs'
import { printed, until } from './lib/waiting.mjs'
import { visit } from './lib/visit.mjs'

const environment = 'evenkeel_fixture_worker'
const [first, second] = ['@radix-ui/react-dialog', 'react-error-boundary'].map((name) => spareDeps.find(({ dep }) => dep === name))

describe('the status bar', () => {
  let copy
  let app
  let server
  const bar = []
  const latest = () => bar.at(-1)
  const draftUri = () => pathToFileURL(path.join(copy.root, 'src/draft.tsx')).href
  const marked = () => server.told('textDocument/publishDiagnostics').findLast(({ uri }) => uri === draftUri()).diagnostics
  const shownBar = (text) => until(`the status bar shows ${text}`, () => latest()?.text === text)

  before(async () => {
    copy = await copyApp('worker')
    await writeFile(path.join(copy.root, 'src/draft.tsx'), draft(0).source)
    server = await startLanguageServer(copy.root)
    server.on('experimental/serverStatus', (status) => bar.push(statusBarContent(status)))
    await server.begin()
  })
  after(async () => {
    await app?.stop()
    await copy?.remove()
  })

  test('before there is a dev server', async () => {
    await shownBar('$(circle-outline) Evenkeel')
    assert.deepEqual(latest(), { text: '$(circle-outline) Evenkeel', tooltip: 'Evenkeel: no dev server', tone: 'plain' })
  })

  test('once the dev server is stable', async () => {
    app = await startApp({ root: copy.root, env: guarded() })
    await until('the page shows', async () => shows(draft(0), await visit(app, '/draft')))
    await shownBar('$(check) Evenkeel')
    assert.deepEqual(latest(), { text: '$(check) Evenkeel', tooltip: 'Evenkeel: stable', tone: 'plain' })
  })

  test('while a request meets a late dependency, and behind it', async () => {
    const { answer, line } = await meetLate(draft(1, [first]), first)
    assert.equal(answer.redirects, 1, 'the dependency was met late')
    const working = bar.find(({ text }) => text === `$(sync~spin) re-optimizing ${environment}`)
    assert.match(working.tooltip, new RegExp(`^Evenkeel: re-optimizing ${environment}: ${first.dep}, imported by \\S*src/draft\\.tsx:${line}$`))
    for (const { text } of bar.slice(1)) assert.match(text, /^\$\(check\) Evenkeel$|^\$\(sync~spin\) (?:re-optimizing|reloading|looking at the modules of) \w+$/)
  })

  test('a config that only its author can change is left alone', async () => {
    const diagnostics = marked()
    const [{ range }] = diagnostics
    const [action] = await server.ask('textDocument/codeAction', { textDocument: { uri: draftUri() }, range, context: { diagnostics } })
    assert.equal(action.edit, undefined)
    await server.ask('workspace/executeCommand', action.command)
    const advice = `environments: { ${environment}: { optimizeDeps: { include: ['${first.dep}'] } } }`
    await until('the text to add is shown', () => server.told('window/showMessage').some(({ message }) => message.includes(advice)))
  })

  test('a click shows the timeline', async () => {
    await server.ask('workspace/executeCommand', { command: 'evenkeel.showTimeline' })
    await until('the server asks for a page to be shown', () => server.shown.length > 0)
    const [{ uri, external }] = server.shown
    assert.equal(external, true)
    assert.match(uri, new RegExp(`^http://(?:localhost|127\\.0\\.0\\.1):${app.port}/__evenkeel/$`))
  })

  test('Restart Dev Server restarts it', async () => {
    const restart = server.ask('workspace/executeCommand', { command: 'evenkeel.restartDevServer' })
    await Promise.all([printed(app, /server restarted/), restart])
    await until('what was late before is not marked any more', () => marked().length === 0)
    // Vite tells of the saves of files that it has been asked for.
    await until('the page shows', async () => shows(draft(1, [first]), await visit(app, '/draft')))
    await meetLate(draft(2, [first, second]), second)
  })

  test('when the dev server has ended', async () => {
    await app.stop()
    await shownBar('$(circle-outline) Evenkeel')
  })

  test('every progress that was begun has ended', () => {
    const kinds = server.told('$/progress').map(({ value }) => value.kind)
    const number = (kind) => kinds.filter((each) => each === kind).length
    assert.equal(number('end'), number('begin'))
  })

  test('the language server ends with its editor', async () => {
    assert.equal(await server.stop(), 0)
    assert.ok(!isRunning(server.pid))
  })

  /** Saves a page and asks for it. Resolves once all is stable again, with the line of the late import. */
  async function meetLate(page, { dep, imports }) {
    await Promise.all([printed(app, saveLine), writeFile(path.join(copy.root, 'src/draft.tsx'), page.source)])
    const answer = await visit(app, '/draft')
    assert.ok(shows(page, answer), `${answer.status} ${answer.text}`)
    await until('its re-optimization was shown', () => bar.some(({ tooltip }) => tooltip.includes(`: ${dep}, imported by`)))
    await shownBar('$(check) Evenkeel')
    return { answer, line: page.source.split('\n').indexOf(imports) + 1 }
  }
})

test('trouble is shown whatever it is about', () => {
  const activity = { title: 'stable' }
  const warning = statusBarContent({ health: 'warning', quiescent: true, message: 'the last optimizer run failed', activity })
  assert.deepEqual(warning, { text: '$(warning) Evenkeel', tooltip: 'Evenkeel: the last optimizer run failed', tone: 'warning' })
  const error = statusBarContent({ health: 'error', quiescent: true, message: 'gone' })
  assert.deepEqual(error, { text: '$(error) Evenkeel', tooltip: 'Evenkeel: gone', tone: 'error' })
})

describe('the binary is found', () => {
  const around = { configured: '', folders: [], env: {}, platform: 'linux', arch: 'x64' }
  let folder
  const inFolder = (name) => path.join(folder, name)
  const executable = async (name) => {
    await mkdir(path.dirname(inFolder(name)), { recursive: true })
    await writeFile(inFolder(name), '')
    await chmod(inFolder(name), 0o755)
    return inFolder(name)
  }
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-binary-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('by the setting before all others, by the PATH behind them', async () => {
    const configured = await executable('configured')
    const named = await executable('named')
    const installed = await executable('app/node_modules/@evenkeel/linux-x64/bin/evenkeel')
    const onPath = await executable('bin/evenkeel')
    const all = {
      ...around,
      configured,
      folders: [folder, inFolder('app')],
      env: { EVENKEEL_BINARY: named, PATH: `${inFolder('nowhere')}${path.delimiter}${inFolder('bin')}` },
    }
    assert.equal(findBinary(all), configured)
    assert.equal(findBinary({ ...all, configured: 'configured' }), configured)
    assert.equal(findBinary({ ...all, configured: '' }), named)
    const { PATH } = all.env
    assert.equal(findBinary({ ...all, configured: '', env: { PATH } }), installed)
    assert.equal(findBinary({ ...all, configured: '', env: { PATH }, folders: [folder] }), onPath)
  })

  test('where pnpm has put it', async () => {
    const store = 'pnpm/node_modules/.pnpm/evenkeel@1/node_modules'
    const stored = await executable(`${store}/@evenkeel/linux-x64/bin/evenkeel`)
    await mkdir(inFolder(`${store}/evenkeel`))
    await symlink(inFolder(`${store}/evenkeel`), inFolder('pnpm/node_modules/evenkeel'))
    assert.equal(findBinary({ ...around, folders: [inFolder('pnpm')] }), stored)
  })

  test('or it is said what to do', () => {
    const problem = (different) => {
      try {
        return findBinary({ ...around, ...different })
      } catch (error) {
        assert.ok(error instanceof MissingBinary)
        return error.message
      }
    }
    assert.match(problem({}), /^The program evenkeel was not found\. Install @evenkeel\/linux-x64 .* evenkeel\.binary\.$/)
    assert.match(problem({ configured: '/no/such' }), /^The setting evenkeel\.binary names \/no\/such, which does not exist\./)
    assert.match(problem({ env: { EVENKEEL_BINARY: '/no/such' } }), /^EVENKEEL_BINARY names \/no\/such, which does not exist\./)
  })
})
