import { expect, test } from 'vitest'
import { removeHooks } from './plugins.js'

test('hooks are taken away from the plugin that is named, and no other', () => {
  const plugins = [
    { name: 'a', load() {}, transform() {} },
    { name: 'b', load() {} },
  ]
  expect(removeHooks(plugins, { a: ['load'] })).toEqual([])
  expect(plugins.map((plugin) => Object.keys(plugin))).toEqual([
    ['name', 'transform'],
    ['name', 'load'],
  ])
})

test('hooks that are not there are told of', () => {
  const plugins = [{ name: 'a', load() {} }]
  expect(removeHooks(plugins, { a: ['load', 'transform'], b: ['load'] })).toEqual(['a transform', 'b load'])
})
