import { until } from '../../e2e/lib/waiting.mjs'

const note = 'typed by hand'
/** Nobody waits longer for a page. */
const patience = 60_000

/** Opens an app in a tab of its own, leaves in it what a reload would lose, and looks at what saves do to it. */
export async function watchPage(browser, app) {
  const tab = await browser.openTab()
  const { page } = tab
  let kept = 0
  let slowest = 0
  await page.goto(`${app.url}/`, { waitUntil: 'commit', timeout: patience })
  await leaveState(page)
  const settled = { loads: tab.documents.length, trouble: tab.trouble.length }
  return {
    async shows({ expects }) {
      const startedAt = performance.now()
      const shown = () => contentOf(page).then((content) => expects.every((expect) => content.includes(expect)))
      await until(`the page shows ${expects}`, shown, { within: patience, every: 50 })
      slowest = Math.max(slowest, Math.round(performance.now() - startedAt))
      if (await hasState(page)) kept++
      else await leaveState(page)
    },
    /** Since it was shown for the first time. */
    seen: () => ({ loads: tab.documents.length - settled.loads, trouble: tab.trouble.slice(settled.trouble), kept, slowest }),
    close: () => page.close(),
  }
}

/** While it is being loaded, a page has no content. */
const contentOf = (page) => page.content().catch(() => '')

/** Until a page is hydrated, a click counts for nothing. */
async function leaveState(page) {
  const counter = page.getByText(/^counted \d+$/)
  await until('a click counts', async () => {
    await counter.click()
    return (await counter.textContent()) !== 'counted 0'
  }, { within: patience, every: 100 })
  await page.getByLabel('note').fill(note)
}

async function hasState(page) {
  const counted = await page.getByText(/^counted \d+$/).textContent()
  return counted !== 'counted 0' && (await page.getByLabel('note').inputValue()) === note
}
