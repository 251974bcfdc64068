import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('lucide works with the app’s React', async () => {
  const { default: Page } = await pages.lucide()
  await expect.poll(() => shown(Page)).toContain('lucide says 42')
})
