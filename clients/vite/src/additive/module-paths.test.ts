import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { ModulePaths, leadsElsewhere, selfImport } from './module-paths.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-paths-')))
mkdirSync(join(root, 'node_modules/real'), { recursive: true })
afterAll(() => rmSync(root, { recursive: true }))
symlinkSync('real', join(root, 'node_modules/linked'), 'dir')

test.for([
  ['an installed package', 'node_modules/real/lib/index.js', true],
  ['a linked one: that would lead to another module', 'node_modules/linked/index.js', false],
  ['one whose id has a query', 'node_modules/real/index.js?raw', false],
  ['one whose name could be read as a query', 'node_modules/real/a#b.js', false],
  ['a package in an archive', 'cache/a.zip/node_modules/a/index.js', false],
  ['no package', 'src/index.js', false],
] as const)('whether a path leads to a module of %s', ([, file, expected]) => {
  expect(new ModulePaths().leadTo(join(root, file))).toBe(expected)
})

test('a module imports itself by its name', () => expect(selfImport('/a/lib/index.js')).toBe('./index.js'))

const files: Record<string, string> = {
  '/a/index.js': "import './other.js'\nimport * as self from './index.js'\nconsole.log(self)",
  '/a/other.js': "import './index.js'",
}

test.for([
  ['to itself', (path: string) => `/a/${path.slice(2)}`, false],
  ['to another module, because a plugin has it so', () => '/a/other.js', true],
] as const)('the path by which a module imports itself leads %s', async ([, resolve, expected]) => {
  const { metafile } = await build({
    entryPoints: ['/a/index.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    absWorkingDir: '/',
    plugins: [
      {
        name: 'test:files',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /./ }, ({ path, kind }) => ({ path: kind === 'entry-point' ? path : resolve(path) }))
          onLoad({ filter: /./ }, ({ path }) => ({ contents: files[path] ?? '' }))
        },
      },
    ],
  })
  expect(leadsElsewhere('a/index.js', metafile.inputs['a/index.js']?.imports ?? [])).toBe(expected)
})
