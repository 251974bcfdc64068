// Vite DevTools is too large to be installed for one entry. What is called here is called so by its version 0.8, with which
// it was tried by hand.
import { expect, test, vi } from 'vitest'
import { evenkeel } from './index.js'

test('Vite DevTools gets a dock entry', () => {
  const plugins = evenkeel().filter((plugin) => 'devtools' in plugin)
  expect(plugins).toHaveLength(1)
  const { devtools } = plugins[0] as unknown as typeof import('./devtools.js').devtoolsDock
  const register = vi.fn()
  devtools.setup({ viteConfig: { base: '/app/' }, docks: { register } })
  const icon = expect.stringMatching(/^ph:/)
  expect(register.mock.calls).toEqual([
    [{ type: 'iframe', id: 'evenkeel', title: 'Evenkeel', url: '/app/__evenkeel/', icon }],
  ])
})
