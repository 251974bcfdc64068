import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('dialog works with the app’s React', async () => {
  const { default: Page } = await pages.dialog()
  await expect.poll(() => shown(Page)).toContain('dialog says 42')
})
