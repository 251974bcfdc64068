// The client app of tests/additive under somebody's hands: saves, clicks, and a Chromium that looks at it.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { lateDependencies, shownBy } from '../../additive/client/late-dependencies.mjs'
import { copyApp, startApp } from './app.mjs'
import * as checkout from './paths.mjs'
import { saveAtOnce } from './save-at-once.mjs'

const folder = fileURLToPath(new URL('../../additive', import.meta.url))
const stack = { ...checkout, appsFolder: folder, viteBin: path.join(folder, 'node_modules/vite/bin/vite.js') }

/** Starts a copy of the app, once it is as `prepare` wants it; `stop()` ends it and removes all that it wrote. */
export async function startClientApp({ prepare, ...options }) {
  const { root, remove } = await copyApp('client', stack)
  try {
    await prepare?.(root)
    const app = await startApp({ stack, root, ...options })
    return { ...app, stop: () => app.stop().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Opens the app in a tab of its own, and fills in what a reload would lose. */
export async function openClient(browser, app) {
  const tab = await browser.openTab()
  await tab.page.goto(`${app.url}/`)
  await leaveState(tab)
  return tab
}

const state = { counted: 'counted 1', note: 'typed by hand' }

export async function leaveState({ page }) {
  await page.getByText('counted 0').click()
  await page.getByLabel('note').fill(state.note)
}

export async function keepsState({ page }) {
  const counted = await page.getByText(/^counted \d+$/).textContent()
  const note = await page.getByLabel('note').inputValue()
  return counted === state.counted && note === state.note
}

/** Meets a late dependency as a person does, who tries again when nothing comes. Resolves with whether it was shown. */
export async function meet(app, { page }, late, { tries = 3, within = 6_000 } = {}) {
  for (let attempt = 0; attempt < tries; attempt++) {
    if (late.by === 'click') await page.getByText(`open ${late.page}`).click()
    else await saveSlot(app, late, attempt)
    const shown = page.getByText(shownBy(late)).first().waitFor({ timeout: within })
    if (await shown.then(() => true, () => false)) return true
  }
  return false
}

export function saveSlot(app, { page }, attempt) {
  const lines = [
    `import Page from './pages/${page}'`,
    '',
    `/** Save ${attempt}. */`,
    'export default function Slot() {',
    '  return <section><Page /></section>',
    '}',
  ]
  return saveAtOnce(app.root, 'src/slot.jsx', `${lines.join('\n')}\n`)
}

export { lateDependencies }
