import { until } from './waiting.mjs'

/** What VS Code calls the extension's status-bar item: publisher, extension, item. */
const STATUS_ITEM = 'evenkeel.evenkeel.evenkeel'

/** A window of VS Code in a browser's tab. */
export async function openWindow(browser, url) {
  const { page } = await browser.openTab()
  await page.goto(url)
  const item = page.locator(`[id="${STATUS_ITEM}"]`)
  await page.locator('.monaco-workbench .monaco-editor .view-lines').first().waitFor({ timeout: 60_000 })

  const window = {
    page,
    item,
    /** The squiggles in the editor that is open. */
    marks: page.locator('.monaco-editor .squiggly-info'),
    /** What an extension shows in a tab: VS Code puts it into a frame in a frame. */
    webview: () => page.frameLocator('iframe.webview').frameLocator('#active-frame'),
    notification: (text) => page.locator('.notification-toast', { hasText: text }),

    /** Waits until the status bar's item has an icon, by its name there, and a text. */
    shown: (icon, text) => item.filter({ has: page.locator(`.codicon-${icon}`), hasText: text }).waitFor({ timeout: 20_000 }),
    tooltip: () => item.locator('a').getAttribute('aria-label'),

    /** From now on: a re-optimization may be over before a test looks. */
    async recordItem() {
      await page.evaluate((id) => {
        globalThis.seen = []
        const look = () => globalThis.seen.push(document.getElementById(id)?.querySelector('a')?.getAttribute('aria-label'))
        new MutationObserver(look).observe(document.querySelector('.part.statusbar'), { subtree: true, childList: true, attributes: true })
      }, STATUS_ITEM)
      return () => page.evaluate(() => globalThis.seen)
    },

    /** Puts a text in place of the one that is open, and saves it. */
    async save(text) {
      await page.locator('.monaco-editor .view-lines').first().click()
      await page.keyboard.press('Control+A')
      await page.keyboard.insertText(text)
      await page.keyboard.press('Control+S')
    },

    /** Opens the quick fixes at the cursor until this one is among them: while a mark is written anew there are none. */
    quickFix: (text) =>
      until(`the quick fix "${text}" is offered`, async () => {
        await page.keyboard.press('Escape')
        await page.keyboard.press('Control+Period')
        const offered = page.locator('.action-widget', { hasText: text }).waitFor({ timeout: 2_000 })
        return offered.then(() => true).catch(() => false)
      }),

    /** Runs a command by its title, from the command palette. */
    async run(title) {
      await page.keyboard.press('F1')
      const input = page.locator('.quick-input-widget input')
      await input.fill(`>${title}`)
      await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor()
      await page.keyboard.press('Enter')
      await until('the palette has closed', () => input.isHidden())
    },
  }
  return window
}
