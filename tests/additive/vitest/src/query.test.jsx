import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('query works with the app’s React', async () => {
  const { default: Page } = await pages.query()
  await expect.poll(() => shown(Page)).toContain('query says 42')
})
