import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DepOptimizationMetadata } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { EntryExports } from './entry-exports.js'

for (const [what, name, source, exports] of [
  ['of JavaScript are read', 'index.js', 'export const a = 1', { hasModuleSyntax: true, exports: ['a'] }],
  ['of what a plugin compiles are left to Vite', 'data.yaml', 'title: text', undefined],
] as const) {
  test(`the exports ${what}`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-exports-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const src = path.join(folder, name)
    await writeFile(src, source)
    const dep = { id: 'a', file: 'a.js', src }
    new EntryExports(['.yaml']).give({ optimized: { a: dep } } as unknown as DepOptimizationMetadata)
    expect(await (dep as { exportsData?: unknown }).exportsData).toEqual(exports)
  })
}
