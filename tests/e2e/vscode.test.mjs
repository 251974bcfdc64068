// The packed extension in a real Visual Studio Code, beside a real dev server: what a developer sees of a dependency that a request
// meets late, and how it is late no more. The editor is code-server, VS Code's own server and workbench, in a real Chromium.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { spareDeps } from '../apps/pages/table.mjs'
import { openBrowser } from './lib/browser.mjs'
import { startCodeServer } from './lib/code-server.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { saveLine } from './lib/log.mjs'
import { binary } from './lib/paths.mjs'
import { commandOf, descendantsOf, ended } from './lib/processes.mjs'
import { screenshot } from './lib/screenshots.mjs'
import { openWindow } from './lib/vscode-window.mjs'
import { printed, until } from './lib/waiting.mjs'
import { writtenConfig } from './lib/written-config.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(await readFile(path.join(root, 'clients/vscode/package.json'), 'utf8'))
const extension = path.join(root, `target/package/evenkeel-${version}.vsix`)

const environment = 'evenkeel_fixture_worker'
const late = spareDeps.find(({ dep }) => dep === '@radix-ui/react-dialog')
const other = spareDeps.find(({ dep }) => dep === 'use-debounce')
const next = draft(1, [late])

let browser
let codeServer
before(async () => {
  browser = await openBrowser()
  codeServer = await startCodeServer({ extension, settings: { 'evenkeel.binary': binary } })
})
after(async () => {
  await browser?.close()
  await codeServer?.stop()
})
const languageServers = () => descendantsOf(codeServer.pid).filter((pid) => commandOf(pid).endsWith(' lsp'))

describe('beside a dev server', () => {
  let session
  let window
  before(async () => {
    session = await openSession('worker', { env: {}, config: writtenConfig })
    window = await openWindow(browser, codeServer.urlOf(session.root, 'src/draft.tsx'))
  })
  after(async () => {
    await window?.page.close()
    await session?.close()
  })

  const config = () => readFile(session.inRoot('vite.config.mjs'), 'utf8')

  test('the status bar goes with a re-optimization, and the import is marked', async () => {
    await window.shown('check', 'Evenkeel')
    assert.match(await window.tooltip(), /Evenkeel: stable$/)
    const seen = await window.recordItem()
    await Promise.all([printed(session.server, saveLine), window.save(next.source)])
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    assert.equal(answer.redirects, 1, 'the dependency was met late')
    await until('the re-optimization is shown', async () => (await seen()).some((label) => label?.includes(`re-optimizing ${environment}`)))
    await window.shown('check', 'Evenkeel')
    await window.marks.first().waitFor()
  })

  test('a quick fix adds it to the config, and it is late no more', async () => {
    await window.run('Go to Next Problem (Error, Warning, Info)')
    await window.page.locator('.marker-widget', { hasText: `\`${late.dep}\` was discovered late` }).waitFor()
    await screenshot(window.page, 'vscode')
    await window.quickFix(`Add \`${late.dep}\` to optimizeDeps.include of \`${environment}\``)
    await window.page.keyboard.press('Enter')
    await window.page.locator('.tab.dirty', { hasText: 'vite.config.mjs' }).waitFor()
    assert.equal(await config(), writtenConfig, 'it is for the user to save')
    await Promise.all([printed(session.server, /server restarted/), window.run('File: Save All')])
    assert.match(await config(), new RegExp(`include: \\['${late.dep}'\\]`))
    // A connection of before the restart may be closed under the request.
    const answers = async () => {
      const answer = await session.ask()
      return answer.status !== 0 && answer
    }
    const answer = await until('the restarted server answers', answers)
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    assert.equal(answer.redirects, 0)
    await window.marks.waitFor({ state: 'hidden' })
  })

  test('a click on the status bar opens the timeline in a tab', async () => {
    await window.item.click()
    const timeline = window.webview()
    await timeline.getByRole('status').filter({ hasText: /^Stable$/ }).waitFor()
    const row = timeline.locator('[data-running=false]', { hasText: late.dep })
    await row.waitFor()
    await screenshot(window.page, 'vscode-timeline')
    await row.getByRole('button', { name: /^Open src\/draft\.tsx:2:\d+ in the editor$/ }).click()
    await window.page.locator('.tab.active', { hasText: 'draft.tsx' }).waitFor()
    await timeline.getByText(/^Opened .*draft\.tsx:2:\d+$/).waitFor()
  })

  test('another dependency is added to the config from there', async () => {
    await window.save(draft(2, [late, other]).source)
    await session.comesTo(draft(2, [late, other]))
    await window.webview().getByRole('button', { name: `Add to config: ${other.dep}` }).click()
    await window.webview().getByText('Added to vite.config.mjs. Vite restarts.').waitFor()
    assert.match(await config(), new RegExp(`include: \\['${late.dep}', '${other.dep}'\\]`))
  })

  test('Restart Dev Server restarts it', async () => {
    await Promise.all([printed(session.server, /server restarted/), window.run('Evenkeel: Restart Dev Server')])
    await window.shown('check', 'Evenkeel')
  })

  test('a language server that is killed is started anew', async () => {
    const [killed] = languageServers()
    process.kill(killed, 'SIGKILL')
    await until('there is another one', () => languageServers().some((pid) => pid !== killed))
    await window.shown('check', 'Evenkeel')
  })

  test('the status bar says that the dev server has ended', async () => {
    await session.server.stop()
    await window.shown('circle-outline', 'Evenkeel')
    assert.match(await window.tooltip(), /Evenkeel: no dev server$/)
  })
})

describe('without the program', () => {
  const missing = '/no/such/evenkeel'
  const problem = `The setting evenkeel.binary names ${missing}, which does not exist. Correct it or unset it.`
  let folder
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-workspace-'))
    await mkdir(path.join(folder, '.vscode'))
    await writeFile(path.join(folder, '.vscode/settings.json'), JSON.stringify({ 'evenkeel.binary': missing }))
    await writeFile(path.join(folder, 'page.js'), '')
  })
  after(() => rm(folder, { recursive: true }))

  test('that is said to those who ask', async () => {
    const window = await openWindow(browser, codeServer.urlOf(folder, 'page.js'))
    await window.run('Evenkeel: Show Timeline')
    await window.notification(problem).waitFor()
    assert.equal(await window.item.isVisible(), false)
    await window.page.close()
  })

  test('and in the status bar of a project with a Vite config', async () => {
    await writeFile(path.join(folder, 'vite.config.mjs'), '')
    const window = await openWindow(browser, codeServer.urlOf(folder, 'page.js'))
    await window.shown('warning', 'Evenkeel')
    assert.ok((await window.tooltip()).includes(problem))
    assert.match(await window.item.getAttribute('class'), /\bwarning-kind\b/)
    await window.page.close()
  })
})

test('nothing is left of the editor that was ended', async () => {
  const started = descendantsOf(codeServer.pid)
  assert.ok(started.length > 0)
  await codeServer.stop()
  for (const pid of started) await ended(pid)
})
