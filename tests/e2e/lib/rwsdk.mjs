// A RedwoodSDK app under somebody's hands: an editor that saves into a copy of it, and a browser that looks at it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { copyApp, startApp } from './app.mjs'
import { saveAtOnce } from './save-at-once.mjs'
import { until } from './waiting.mjs'

/** Where a spare dependency goes, and before which line the use of it is written. */
const places = {
  server: { file: 'src/app/Home.tsx', before: '    </main>', written: (use) => `      ${use}` },
  client: { file: 'src/app/Panel.tsx', before: '    </section>', written: (use) => `      ${use}` },
  action: { file: 'src/app/actions.ts', before: '  return says', written: (use) => `  says.push(${use})` },
}

/** Starts a copy of the app; `stop()` ends it and removes all that it wrote. */
export async function startRwsdk({ env } = {}) {
  const { root, remove } = await copyApp('rwsdk')
  // RedwoodSDK leaves a folder behind in the system's temporary one at every start.
  const temporary = await mkdtemp(path.join(tmpdir(), 'evenkeel-rwsdk-'))
  const clean = () => Promise.all([remove(), rm(temporary, { recursive: true, force: true })])
  try {
    const app = await startApp({ root, env: { TMPDIR: temporary, ...env } })
    return { ...app, stop: () => app.stop().finally(clean) }
  } catch (error) {
    await clean()
    throw error
  }
}

export const addToServerComponent = (app, spare) => save(app, 'server', spare)
export const addToClientComponent = (app, spare) => save(app, 'client', spare)
export const addToAction = (app, spare) => save(app, 'action', spare)

/** Adds a spare to the module of its kind. */
export const add = (app, spare) => save(app, spare.kind, spare)

/** One save: an import after the others, and a use that can be seen. */
async function save(app, kind, { dep, imports, use }) {
  const { file, before, written } = places[kind]
  const lines = (await readFile(path.join(app.root, file), 'utf8')).split('\n')
  const lastImport = lines.findLastIndex((line) => line.startsWith('import '))
  const end = lines.findLastIndex((line) => line.startsWith(before))
  if (lastImport < 0 || end < 0) throw new Error(`no place for ${dep} in ${file}`)
  lines.splice(end, 0, written(use))
  lines.splice(lastImport + 1, 0, imports)
  await saveAtOnce(app.root, file, lines.join('\n'))
}

/**
 * Opens the app's page in a tab of its own and waits until it is alive. What goes wrong in it is kept by kind: `pageErrors`,
 * `consoleErrors`, `failures` (answers from 500 on, and requests without an answer); `documents` counts page loads, and
 * `hotUpdates` the files that the server told the page of.
 */
export async function openPage(browser, app) {
  const tab = await browser.openTab()
  const { page } = tab
  const seen = { pageErrors: [], consoleErrors: [], failures: [], documents: 0, hotUpdates: [] }
  page.on('pageerror', (error) => seen.pageErrors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') seen.consoleErrors.push(message.text())
    const [, file] = message.text().match(/^\[rwsdk\] hot update (.*)/) ?? []
    if (file) seen.hotUpdates.push(file)
  })
  page.on('response', (response) => {
    if (response.status() >= 500) seen.failures.push(`${response.status()} ${response.request().method()} ${response.url()}`)
  })
  page.on('requestfailed', (request) => {
    // A page that is left drops what it still waits for: that is no failure of the server's.
    const reason = request.failure()?.errorText
    if (reason !== 'net::ERR_ABORTED') seen.failures.push(`${reason} ${request.method()} ${request.url()}`)
  })
  page.on('domcontentloaded', () => seen.documents++)
  await page.goto(`${app.url}/`)
  await untilAlive(page)
  return { page, tab, seen, close: () => page.close() }
}

/**
 * Loads the page anew, as before each save that is to be judged by itself: once a client component was hot-updated, RedwoodSDK's
 * page has a second copy of its client and hears of no further save of a server component.
 */
export async function reopen({ page }) {
  await page.reload()
  await untilAlive(page)
}

/** Resolves once the text is visible, through any number of reloads. */
export const untilShown = (page, text, { timeout = 20_000 } = {}) =>
  page.getByText(text).first().waitFor({ state: 'visible', timeout })

/** What the server sends looks ready before React has taken it over. */
export const untilAlive = (page, { timeout = 20_000 } = {}) =>
  page.locator('[data-hydrated=true]').waitFor({ state: 'visible', timeout })

export const type = (page, text) => page.getByLabel('note').fill(text)
export const count = (page) => page.getByText(/^counted \d+$/).click()
export const act = (page) => page.getByText('act', { exact: true }).click()

/** What a reload loses. */
export async function stateOf(page) {
  const counted = await page.getByText(/^counted \d+$/).textContent()
  return { counted: Number(counted.match(/\d+/)[0]), note: await page.getByLabel('note').inputValue() }
}

/** How often the action ran on the server, whatever the browser was told of it. */
export async function runs(app) {
  const response = await fetch(`${app.url}/__counts`)
  const { act = 0 } = await response.json()
  return act
}

/**
 * Ask before the save; resolves once the page has been told of it, or, of a client component, is loaded anew. A click before that still
 * asks for the module as it was.
 */
export function untilTold({ seen }, kind, { timeout = 20_000 } = {}) {
  const { documents } = seen
  const from = seen.hotUpdates.length
  const isTold = () => seen.hotUpdates.slice(from).some((file) => file.endsWith(places[kind].file))
  const isLoaded = () => kind === 'client' && seen.documents > documents
  return until('the page is told of the save', () => isTold() || isLoaded(), { within: timeout, every: 5 })
}
