import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished, test, expect, vi } from 'vitest'
import { Installation } from './installation.js'
import { Manifest } from './manifest.js'
import { packageOf } from './packages.js'

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return { ...fs, existsSync: vi.fn(fs.existsSync) }
})

function newFolder(): string {
  const folder = realpathSync.native(mkdtempSync(join(tmpdir(), 'evenkeel-installation-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Whether a source counts as changed after it was written again. */
function changes(path: string, again: string): boolean {
  const root = newFolder()
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

/** A package as pnpm installs it: in a folder that is named after what the package finds. */
function install(root: string, folder: string, files: string[]): string {
  const real = join(root, 'node_modules/.pnpm', folder, 'node_modules/a')
  mkdirSync(real, { recursive: true })
  for (const file of ['package.json', ...files]) writeFileSync(join(real, file), '{}')
  const link = join(root, 'node_modules/a')
  rmSync(link, { force: true })
  symlinkSync(real, link)
  return real
}

test.for([
  ['a source is where its package is now', 'a', ['index.js'], true],
  ['a source that the package does not have any more stays', 'a', [], false],
  ['a source of a package that the project did not find stays', 'b', ['index.js'], false],
] as const)('%s', ([, found, files, isMoved]) => {
  const root = newFolder()
  const before = install(root, 'a@1_peer@1', ['index.js'])
  const manifest = new Manifest('stamp')
  manifest.found.set(found, before)
  const now = install(root, 'a@1_peer@2', [...files])
  const source = new Installation(root).sourceNow(manifest, join(before, 'index.js'))
  expect(source).toBe(join(isMoved ? now : before, 'index.js'))
})

test('a package is linked elsewhere, and its files are the same ones, as in the store of pnpm', () => {
  const root = newFolder()
  const now = install(root, 'a@1_peer@2', [])
  const before = install(root, 'a@1_peer@1', [])
  rmSync(join(now, 'package.json'))
  linkSync(join(before, 'package.json'), join(now, 'package.json'))
  const folder = join(root, 'node_modules/a')
  const installation = new Installation(root)
  const manifest = new Manifest('stamp')
  manifest.packages.set(folder, installation.package(folder))
  expect(installation.changed(manifest)).toBeUndefined()
  rmSync(folder)
  symlinkSync(now, folder)
  expect(installation.changed(manifest)).toEqual({ reason: 'packageChanged', detail: folder })
})

/** Has real paths be those of Windows. Returns the real path of a file there. */
function windows(): (path: string) => string {
  const onWindows = (path: string) => `C:${path.replaceAll('/', '\\')}`
  const { native } = realpathSync
  const real = vi.spyOn(realpathSync, 'native').mockImplementation((path) => onWindows(native(path)))
  onTestFinished(() => real.mockRestore())
  return onWindows
}

test.for([
  ['Windows', windows],
  ['Linux', () => (path: string) => path],
] as const)('on %s, a package finds what is bundled', ([, system]) => {
  const root = newFolder()
  for (const [name, dependencies] of Object.entries({ ui: { core: '1', other: '1' }, core: {}, other: {} })) {
    mkdirSync(join(root, 'node_modules', name), { recursive: true })
    writeFileSync(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ dependencies }))
  }
  const pathOf = system()
  const installation = new Installation(root)
  const manifest = new Manifest('stamp')
  const ui = join(root, 'node_modules/ui/index.js')
  expect(installation.findsBundled(ui, manifest)).toBe(false)
  const bundled = packageOf(pathOf(join(root, 'node_modules/core/index.js')))
  manifest.packages.set(bundled?.folder ?? '', { stamp: '', found: {} })
  expect(installation.findsBundled(ui, manifest)).toBe(true)
})

test.for([
  ['as Rolldown is given it', (path: string) => path],
  ['as esbuild is given it', (path: string) => path.replaceAll('\\', '/')],
] as const)('on Windows, a source is where its package is now, %s', ([, given]) => {
  const root = newFolder()
  const real = windows()
  const before = real(install(root, 'a@1_peer@1', []))
  const manifest = new Manifest('stamp')
  const installation = new Installation(root)
  manifest.found.set('a', installation.find('a'))
  const source = given(join(before, 'index.js').replaceAll('/', '\\'))
  expect(installation.sourceNow(manifest, source)).toBe(source)
  const now = real(install(root, 'a@1_peer@2', []))
  vi.mocked(existsSync).mockReturnValueOnce(true)
  expect(installation.sourceNow(manifest, source)).toBe(given(`${now}\\index.js`))
})
