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

test('an option that no timer of Node could wait for is refused', () => {
  for (const deadline of [-1, 1.5, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 86_400_001])
    expect(() => resolveOptions({ deadline })).toThrow('deadline')
  expect(resolveOptions({ deadline: 86_400_000 }).deadline).toBe(86_400_000)
})
