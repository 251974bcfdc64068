import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('zustand works with the app’s React', async () => {
  const { default: Page } = await pages.zustand()
  await expect.poll(() => shown(Page)).toContain('zustand says 42')
})
