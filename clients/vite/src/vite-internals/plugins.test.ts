import { expect, test } from 'vitest'
import { removeHooks } from './plugins.js'

test('hooks are taken away from the plugin that is named, and no other', () => {
  const plugins = [
    { name: 'a', load() {}, transform() {} },
    { name: 'b', load() {} },
  ]
  removeHooks(plugins, { a: ['load'] })
  expect(plugins.map((plugin) => Object.keys(plugin))).toEqual([
    ['name', 'transform'],
    ['name', 'load'],
  ])
})
