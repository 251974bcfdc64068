import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('form works with the app’s React', async () => {
  const { default: Page } = await pages.form()
  await expect.poll(() => shown(Page)).toContain('form says 42')
})
