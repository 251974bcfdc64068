import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { FallbackReason } from '../protocol.js'
import { words } from './words.js'

const inRepository = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8')

test('reasons are said on the page and in the docs as `evenkeel status` says them', () => {
  const told = inRepository('src/core/event/optimizer.rs').matchAll(/FallbackReason::(\w)(\w+) => "(.+)",/g)
  const docs = inRepository('docs/additive.md')
  const reasons = [...told].map(([, first = '', rest = '', text = '']) => [first.toLowerCase() + rest, text] as const)
  expect(reasons.length).toBeGreaterThan(5)
  for (const [reason, text] of reasons) {
    expect(words(reason as FallbackReason), reason).toBe(text)
    expect(docs).toContain(`| ${text} | \`${reason}\` |`)
  }
})
