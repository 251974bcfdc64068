import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { resolveOptions } from './options.js'

test('the README has every option, each with its default', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  const rows = readme.matchAll(/^\| `(\w+)` \| (?:`(.+?)`|all) \|/gm)
  const defaults = [...rows].map(([, name, value]) => [
    name,
    value === undefined ? undefined : JSON.parse(value.replaceAll("'", '"')),
  ])
  expect(Object.fromEntries(defaults)).toStrictEqual(resolveOptions())
})
