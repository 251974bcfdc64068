import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const step = /^\d+\. `([\w./-]+)` `(#?\w+)`/gm
const steps = [...read('ARCHITECTURE.md').matchAll(step)].map(([, path, name]) => [path, name] as [string, string])

test('the walks of ARCHITECTURE.md have their steps', () => {
  expect(steps.length).toBeGreaterThan(30)
})

test.for(steps)('%s has %s', ([path, name]) => {
  const isDefined = new RegExp(`(?:fn|function|struct|async|readonly|get) (?:M\\.)?${name}\\b|^  ${name}[(<]`, 'm')
  expect(read(path)).toMatch(isDefined)
})
