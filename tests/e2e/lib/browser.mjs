import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'

const args = [
  '--no-sandbox',
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A browser that has never been anywhere. */
export async function openBrowser() {
  const profile = await mkdtemp(path.join(tmpdir(), 'evenkeel-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME_PATH || '/usr/bin/chromium',
    args,
  })
  return {
    openTab: () => openTab(context),
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/** A tab, and all that went wrong in it. */
async function openTab(context) {
  const page = await context.newPage()
  const tab = { page, documents: [], trouble: [], connected: 0 }
  page.on('pageerror', (error) => tab.trouble.push(error.message))
  page.on('response', (response) => {
    if (response.status() >= 500) tab.trouble.push(`${response.status()} ${response.url()}`)
    if (response.request().isNavigationRequest()) tab.documents.push(response.status())
  })
  page.on('console', (message) => {
    if (message.text() === '[vite] connected.') tab.connected++
  })
  return tab
}
