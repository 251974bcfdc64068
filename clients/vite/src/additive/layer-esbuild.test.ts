import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildOptions, OnLoadResult, Plugin } from 'esbuild'
import { expect, test } from 'vitest'
import { Installation, SeenInstallation } from './installation.js'
import { bundleLayer } from './layer-esbuild.test-kit.js'
import { newApp } from './layer.test-kit.js'
import { describeLayer, writeLayer } from './layer-files.js'
import { entryFile } from './manifest.js'

interface Built {
  /** What the entry exports. */
  exported: Record<string, unknown>
  /** The modules of the layer, by their paths in the app. */
  modules: string[]
  files: string[]
  /** What files import that is not bundled, and for which module. */
  externals: Array<[name: string, importer: string]>
}

/** A first layer whose entry is `one.js`, written and imported. */
async function built(sources: Record<string, string>, options: BuildOptions = {}): Promise<Built> {
  const app = newApp({ 'package.json': '{}', ...sources, 'deps/package.json': '{ "type": "module" }' })
  const { root, outdir } = app
  const result: Built = { exported: {}, modules: [], files: [], externals: [] }
  await bundleLayer(
    app,
    (plan) => ({
      describe: (layer) => describeLayer(plan, layer, new SeenInstallation(new Installation(root))),
      async bundled(described, folder) {
        const { layer } = await writeLayer(plan, await described, folder, folder)
        result.modules = layer.modules.map(([id]) => id.slice(root.length + 1)).toSorted()
        result.files = layer.files.map(([file]) => file)
        result.externals = layer.externals
          .flatMap(([, importers]) => importers)
          .map(([name, importer]) => [name, importer.slice(root.length + 1)])
      },
    }),
    options,
  )
  result.exported = exportsOf(join(outdir, entryFile('one')))
  return result
}

/** Node imports the file: Vitest would give it a `module`. */
function exportsOf(file: string): Record<string, unknown> {
  const program = `${file}-print.mjs`
  writeFileSync(
    program,
    `console.log(JSON.stringify({ ...(await import(${JSON.stringify(pathToFileURL(file).href)})) }))`,
  )
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', stdio: 'pipe' }))
}

const typesAlone: Array<[what: string, code: string]> = [
  ['an interface', 'export interface A {}\n'],
  ['a type', 'export type A = 1\n'],
  ['a declaration', 'export declare const a: number\n'],
  ['types of another module', "export type { A } from './other'\n"],
  ['an import of types', "import type { A } from './other'\n"],
  ['types in a namespace', 'declare namespace A {\n  export interface B {}\n}\n'],
]
test.for(typesAlone)('a module of TypeScript with nothing but %s has no exports', async ([, code]) => {
  const { exported } = await built({ 'one.js': "export * from './types'\nexport const one = 1\n", 'types.ts': code })
  expect(exported).toEqual({ one: 1 })
})

test('what TypeScript exports as CommonJS is CommonJS', async () => {
  const { exported } = await built({
    'one.js': "import two from './two'\nexport const one = two\n",
    'two.ts': 'const two: number = 2\nexport = two\n',
  })
  expect(exported).toEqual({ one: 2 })
})

const syntax: Array<[what: string, code: string]> = [
  ['waits', 'globalThis.waited = await 1\n'],
  [
    'waits, and holds a CommonJS module of its own',
    'var __commonJS = () => 1\nglobalThis.waited = await __commonJS()\n',
  ],
  ['has a URL', 'globalThis.waited = import.meta.url ? 1 : 0\n'],
  ['is CommonJS and has a function that waits', 'exports.f = async () => await 1\nglobalThis.waited = 1\n'],
]
test.for(syntax)('a module that %s and exports nothing runs', async ([, code]) => {
  const sources = { 'one.js': "import './two.js'\nexport const one = globalThis.waited\n", 'two.js': code }
  const { exported, modules } = await built(sources)
  expect(exported).toEqual({ one: 1 })
  expect(modules).toEqual(['one.js', 'two.js'])
})

test('an asset is written into the folder that its name says', async () => {
  const sources = { 'one.js': "export { default as one } from './two.bin'\n", 'two.bin': '2' }
  const { exported, files } = await built(sources, {
    loader: { '.bin': 'file' },
    assetNames: 'assets/[name]-[hash]',
  })
  expect(files).toContain(String(exported.one).slice('./'.length))
})

const loading = (...loads: Array<OnLoadResult | undefined>): Plugin => ({
  name: 'test:loads',
  setup({ onLoad }) {
    for (const load of loads) onLoad({ filter: /one\.js$/, namespace: '' }, () => load)
  },
})

test.for<[what: string, loaded: OnLoadResult | undefined]>([
  ['nothing', undefined],
  ['an empty object', {}],
  ['a loader', { loader: 'text' }],
  ['files to watch', { watchFiles: [] }],
])('where a plugin loads %s, the next one is asked', async ([, loaded]) => {
  const sources = { 'one.js': 'export const one = 1\n' }
  const byNone = await built(sources, { plugins: [loading(loaded)] })
  expect(byNone).toMatchObject({ exported: { one: 1 }, modules: ['one.js'] })
  const byNext = await built(sources, { plugins: [loading(loaded, { contents: 'export const one = 2' })] })
  expect(byNext).toMatchObject({ exported: { one: 2 }, modules: ['one.js'] })
})

test('where a plugin has an error, no other is asked', async () => {
  const plugins = [loading({ errors: [{ text: 'it is wrong' }] }, { contents: 'export const one = 2' })]
  await expect(built({ 'one.js': '' }, { plugins })).rejects.toThrow('it is wrong')
})

test('the longest extension says what a file is; one without is JavaScript', async () => {
  const sources = {
    'one.js':
      "export { default as two } from './two.worker.js'\nexport * from './three'\nexport * from './four.min.js'\n",
    'two.worker.js': 'export const two = 2',
    three: 'export const three = 3',
    'four.min.js': 'export const four = 4',
  }
  const { exported, modules } = await built(sources, { loader: { '.worker.js': 'text' } })
  expect(exported).toEqual({ two: 'export const two = 2', three: 3, four: 4 })
  expect(modules).toEqual(['four.min.js', 'one.js', 'three'])
})

test('the type of a package is that of its files with an extension', async () => {
  const { exported } = await built({
    'package.json': '{ "type": "module" }',
    'one.js': "export { default as two } from './two'\nexport * from './three.js'\n",
    two: 'globalThis.two = 2',
    'three.js': 'globalThis.three = 3',
  })
  expect(exported).toEqual({ two: {} })
})

const replaced = {
  'package.json': '{ "browser": { "./lib/two": false, "./lib/three.js": false, "./lib/four": false } }',
  'one.js':
    "import * as two from './lib/two'\nimport * as three from './lib/three'\nimport * as four from './lib/four.js'\nimport * as client from './lib/two.client.js'\nexport const all = [two, three, four, client].map(Object.keys).flat()\n",
  'lib/two.js': 'export const two = 2\n',
  'lib/two.client.js': 'export const client = 2\n',
  'lib/three.js': 'export const three = 3\n',
  'lib/four.js': 'export const four = 4\n',
}

test('on browsers, files that a package replaces by nothing are empty', async () => {
  const { exported, modules } = await built(replaced)
  expect(exported).toEqual({ all: ['default', 'default', 'four', 'client'] })
  expect(modules).toEqual(['lib/four.js', 'lib/two.client.js', 'one.js'])
})

test.for(['node', 'neutral'] as const)('on another platform (%s) they are what they are', async (platform) => {
  const { exported, modules } = await built(replaced, { platform })
  expect(exported).toEqual({ all: ['two', 'three', 'four', 'client'] })
  expect(modules).toEqual(['lib/four.js', 'lib/three.js', 'lib/two.client.js', 'lib/two.js', 'one.js'])
})

test('for which module something is imported that is not bundled', async () => {
  const sources = {
    'one.js':
      "export * from 'node:constants'\nexport { needed } from './needing.cjs'\nexport { read } from './read.js'\n",
    'needing.cjs': "exports.needed = require('node:os').EOL\n",
    'read.js': "import { existsSync } from 'node:fs'\nexport const read = existsSync('/')\n",
  }
  // As Vite does with what is required.
  const facades: Plugin = {
    name: 'facades',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
        kind === 'require-call' ? { path, namespace: 'facade' } : { path, external: true },
      )
      build.onLoad({ filter: /./, namespace: 'facade' }, ({ path }) => ({
        contents: `import * as m from ${JSON.stringify(path)}\nmodule.exports = m\n`,
      }))
    },
  }
  const { exported, externals } = await built(sources, { plugins: [facades] })
  expect(exported).toMatchObject({ needed: '\n', read: true, O_RDONLY: 0 })
  expect(externals.toSorted()).toEqual([
    ['node:constants', 'one.js'],
    ['node:fs', 'read.js'],
    ['node:os', 'needing.cjs'],
  ])
})
