import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('material works with the app’s React', async () => {
  const { default: Page } = await pages.material()
  await expect.poll(() => shown(Page)).toContain('material says 42')
})
