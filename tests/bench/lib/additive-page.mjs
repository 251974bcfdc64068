import { readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { lateDependencies, shownBy } from '../../additive/client/late-dependencies.mjs'
import { saveSlot, startClientApp } from '../../e2e/lib/client-app.mjs'
import { median, round } from './report.mjs'

/** As long as a person would wait before trying again, and trying at all. */
const patienceMs = 3_000
const longestMs = 15_000

/**
 * How long it takes in a browser until a late dependency is shown, right, for the first time; then how long a page takes to load
 * that has all of them.
 */
export async function clicksAndLoads(browser, environments, { loads, say }) {
  const running = {}
  try {
    for (const [stack, env] of Object.entries(environments)) {
      const app = await startClientApp({ env })
      running[stack] = { app }
      running[stack].page = await openWithoutCache(browser, app)
    }
    const shown = await inTurn(lateDependencies, running, untilShown, (late) => late.dep)
    say('… all late dependencies are met')
    for (const { app } of Object.values(running)) await saveAllPages(app)
    const rounds = Array.from({ length: loads }, (_, at) => at)
    const loaded = await inTurn(rounds, running, loadPage, (at) => at)
    const bytes = {}
    for (const [stack, { app }] of Object.entries(running)) bytes[stack] = await sizeOf(path.join(app.cacheDir, 'deps'))
    const ratios = Object.values(shown).filter(({ stock, evenkeel }) => stock && evenkeel)
    return {
      metToShown: round(median(ratios.map(({ stock, evenkeel }) => evenkeel / stock)), 3),
      shown,
      // The first load of each pays for the transforms of the save.
      loads: columns(Object.values(loaded).slice(1)),
      bytes,
    }
  } finally {
    for (const { app } of Object.values(running)) await app.stop()
  }
}

/** One row for each item: milliseconds of each stack. */
async function inTurn(items, running, measure, nameOf) {
  const rows = {}
  for (const [at, item] of items.entries()) {
    const stacks = Object.entries(running)
    const row = {}
    for (const [stack, { app, page }] of at % 2 ? stacks.toReversed() : stacks) {
      // The browser serves a tab behind another one a second late.
      await page.bringToFront()
      const ms = await measure(app, page, item)
      row[stack] = ms && Math.round(ms)
    }
    rows[nameOf(item)] = { stock: row.stock, evenkeel: row.evenkeel }
  }
  return rows
}

const columns = (rows) => ({ stock: rows.map(({ stock }) => stock), evenkeel: rows.map(({ evenkeel }) => evenkeel) })

async function openWithoutCache(browser, app) {
  const { page } = await browser.openTab()
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  await page.goto(`${app.url}/`)
  await page.getByText('counted 0').waitFor()
  return page
}

async function untilShown(app, page, late) {
  const startedAt = performance.now()
  for (let attempt = 0; performance.now() - startedAt < longestMs; attempt++) {
    if (late.by === 'click') await page.getByText(`open ${late.page}`).click()
    else await saveSlot(app, late, attempt)
    if (await shows(page, [shownBy(late)], patienceMs)) return performance.now() - startedAt
  }
  return undefined
}

async function loadPage(app, page) {
  const startedAt = performance.now()
  await page.goto(`${app.url}/`, { waitUntil: 'commit' })
  await shows(page, lateDependencies.map(shownBy), longestMs)
  return performance.now() - startedAt
}

/** Looks every 20 ms, and in the new page when the old one is reloaded meanwhile. */
function shows(page, texts, timeout) {
  const looks = (expected) => expected.every((text) => document.body?.innerText.includes(text))
  return page.waitForFunction(looks, texts, { timeout, polling: 20 }).then(() => true, () => false)
}

function saveAllPages(app) {
  const lines = [
    ...lateDependencies.map(({ page }) => `import ${nameOf(page)} from './pages/${page}'`),
    'export default function Slot() {',
    `  return <section>${lateDependencies.map(({ page }) => `<${nameOf(page)} />`).join('')}</section>`,
    '}',
  ]
  return writeFile(path.join(app.root, 'src/slot.jsx'), `${lines.join('\n')}\n`)
}

const nameOf = (page) => page[0].toUpperCase() + page.slice(1)

async function sizeOf(folder) {
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map((file) => stat(path.join(folder, file))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}
