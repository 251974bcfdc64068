import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = process.env.EVENKEEL_SCREENSHOTS ?? fileURLToPath(new URL('../../screenshots', import.meta.url))

/** For a person to look at. */
export async function screenshot(page, name) {
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true })
}
