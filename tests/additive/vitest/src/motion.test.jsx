import { expect, test } from 'vitest'
import { pages } from 'virtual:pages'
import { shown } from './shown'

test('motion works with the app’s React', async () => {
  const { default: Page } = await pages.motion()
  await expect.poll(() => shown(Page)).toContain('motion says 42')
})
