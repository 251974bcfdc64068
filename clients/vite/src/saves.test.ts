import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { Saves } from './saves.js'

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-saves-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a file that is written in two steps is reported once more', async () => {
  const file = join(folder, 'page.ts')
  writeFileSync(file, 'one')
  const report = vi.fn((again: string) => void saves.written(again, 2, true))
  const saves = new Saves(report)
  const written = saves.written(file, 1, true)
  writeFileSync(file, 'one, two')
  await written
  expect(report).toHaveBeenCalledExactlyOnceWith(file)
})

test.for([0, 30])('a file that is gone %i ms after it was saved is nothing to report', async (after) => {
  const file = join(folder, `gone-${after}.ts`)
  writeFileSync(file, 'one')
  const report = vi.fn()
  const written = new Saves(report).written(file, 1, true)
  if (after > 0) await written
  rmSync(file)
  await written
  // The watcher would swallow a change for so long, and is not asked before.
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(report).not.toHaveBeenCalled()
})

test('a file that is gone for a moment is reported when it is there again', async () => {
  const file = join(folder, 'again.ts')
  writeFileSync(file, 'one')
  const report = vi.fn()
  const written = new Saves(report).written(file, 1, true)
  rmSync(file)
  await written
  writeFileSync(file, 'two')
  await vi.waitUntil(() => report.mock.calls.length > 0, { timeout: 20_000 })
  expect(report).toHaveBeenCalledExactlyOnceWith(file)
})

test('a file whose folder has become a file is gone', async () => {
  const parent = join(folder, 'replaced')
  mkdirSync(parent)
  writeFileSync(join(parent, 'one.ts'), 'one')
  const report = vi.fn()
  const saves = new Saves(report)
  const written = saves.written(join(parent, 'one.ts'), 1, true)
  rmSync(parent, { recursive: true })
  writeFileSync(parent, '')
  await written
  await saves.written(join(parent, 'one.ts'), 2, true)
  expect(report).not.toHaveBeenCalled()
})

test.for([true, false])('what no module is made of is reported to nobody: %s', async (isLoaded) => {
  const file = join(folder, `data-${isLoaded}.log`)
  writeFileSync(file, 'one')
  const report = vi.fn()
  const saves = new Saves(report)
  const written = saves.written(file, 1, false)
  writeFileSync(file, 'one, two')
  await written
  // A plugin has told of a module meanwhile.
  if (isLoaded) void saves.written(file, 1, true)
  if (isLoaded) await vi.waitUntil(() => report.mock.calls.length > 0, { timeout: 20_000 })
  else await new Promise((resolve) => setTimeout(resolve, 200))
  expect(report).toHaveBeenCalledTimes(isLoaded ? 1 : 0)
})
