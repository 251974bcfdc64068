import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished, test, expect } from 'vitest'
import { Installation } from './installation.js'
import { Manifest } from './manifest.js'

/** Whether a source counts as changed after it was written again. */
function changes(path: string, again: string): boolean {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-installation-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'export {}')
  utimesSync(file, 1, 1)
  const installation = new Installation(root, (id) => id.endsWith('list.js'))
  const manifest = new Manifest('stamp')
  manifest.sources.set(file, installation.source(file) as string)
  expect(installation.changed(manifest)).toBeUndefined()
  writeFileSync(file, again)
  return installation.changed(manifest)?.reason === 'packageChanged'
}

test.for([
  ['a generated file is written as it was', 'generated/barrel.js', 'export {}', false],
  ['a generated file is written anew', 'generated/barrel.js', 'export {};', true],
  ['a file that may lag behind is written anew', 'generated/list.js', 'export {};', false],
  ['a file of a package is written as it was', 'node_modules/a/index.js', 'export {}', true],
] as const)('%s', ([, path, again, changed]) => {
  expect(changes(path, again)).toBe(changed)
})
