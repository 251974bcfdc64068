import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type InputOptions, type Plugin, rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'
import type { Run } from './additive.js'
import { Installation, SeenInstallation } from './installation.js'
import { type App, newApp } from './layer.test-kit.js'
import { describeLayer } from './layer-files.js'
import { newManifest, planLayer } from './layer-plan.js'
import { layerOptions } from './layer-rolldown.js'
import type { Manifest, WrittenModule } from './manifest.js'
import { facadeOf, stubOf } from './stubs.js'

interface Built {
  modules: Map<string, WrittenModule>
  /** What each module that can be reached exports, when it is imported through the files of the layers. */
  exported: Record<string, unknown>
  /** The code of all files. */
  code: string
  /** The modules whose sources may not change. */
  sources: string[]
  /** What files import that is not bundled, and for which module. */
  externals: Array<[name: string, importer: string]>
}

interface Layers {
  options?: InputOptions
  /** The entry of each layer. */
  entries?: string[]
  isImported?: boolean
}

/** Layers of one package, one after another, written and imported by Node. */
async function built(
  sources: Record<string, string>,
  { options = {}, entries = ['index.js'], isImported = true }: Layers = {},
): Promise<Built> {
  const files = Object.entries({ 'package.json': '{ "type": "module" }', ...sources })
  const app = newApp(Object.fromEntries(files.map(([file, code]) => [`node_modules/pkg/${file}`, code])))
  const folder = join(app.root, 'node_modules/pkg')
  const manifest = newManifest()
  for (const entry of entries) await addLayer(manifest, app, join(folder, entry), options)
  const modules = new Map([...manifest.modules].map(([id, module]) => [id.slice(folder.length + 1), module]))
  const names = [...manifest.files.keys()].filter((file) => file.endsWith('.js'))
  const code = names.map((file) => readFileSync(join(app.outdir, file), 'utf8')).join('\n')
  for (const [id, module] of modules) {
    const named = module.kind === 'esm' ? module.files : [module.file]
    expect(names, `the files of ${id}`).toEqual(expect.arrayContaining(named))
  }
  writeFileSync(join(app.outdir, 'package.json'), '{ "type": "module" }')
  // The last entry first: it may need what nobody has run.
  const exported = isImported ? imported(app.outdir, new Map([...modules].reverse()), manifest) : {}
  const recorded = [...manifest.sources.keys()].map((id) => id.slice(folder.length + 1))
  const externals = [...manifest.externals.values()]
    .flatMap((importers) => [...importers])
    .map(([name, importer]): [string, string] => [name, importer.slice(folder.length + 1)])
  return { modules, exported, code, sources: recorded.toSorted(), externals }
}

async function addLayer(base: Manifest, app: App, entry: string, options: InputOptions): Promise<void> {
  const plan = planLayer(base, { [basename(entry, '.js')]: entry })
  const run: Run = {
    plan,
    lookAt: () => undefined,
    describe: (layer) => describeLayer(plan, layer, new SeenInstallation(new Installation(app.root))),
    async bundled(described) {
      const { layer, hash } = await described
      base.add(layer, hash)
    },
    failed: (error) => expect.fail(error.message),
  }
  const bundle = await rolldown(
    layerOptions(
      { input: plan.fresh, cwd: app.root, platform: 'node', logLevel: 'silent', plugins: [], ...options },
      { run, rolldown: () => Promise.resolve(rolldown), excluded: [], isServed: () => Promise.resolve(false) },
    ) as InputOptions,
  )
  await bundle.write({ dir: app.outdir })
  await bundle.close()
}

/** Node imports the facade of each module, and each entry, in one process. */
function imported(folder: string, modules: Built['modules'], { version, entries }: Manifest): Record<string, unknown> {
  mkdirSync(join(folder, 'facades'))
  const names = [...modules].flatMap(([id, module], index) => {
    const entry = entries.get(basename(id, '.js'))
    const facade = entry ?? facadeOf(module, version)
    if (!facade) return []
    writeFileSync(join(folder, 'facades', `${index}.js`), facade.code.replaceAll('"./', '"../'))
    return [[id, `./${index}.js`]]
  })
  const program = `const all = {}\nfor (const [id, file] of ${JSON.stringify(names)}) all[id] = { ...(await import(file)) }
    console.log(JSON.stringify(all, (_, value) => typeof value === 'function' ? (value.name === 'load' ? 'lazy' : value()) : value))`
  writeFileSync(join(folder, 'facades/print.js'), program)
  return JSON.parse(
    execFileSync(process.execPath, [join(folder, 'facades/print.js')], { encoding: 'utf8', stdio: 'pipe' }),
  )
}

const cases: Array<[what: string, sources: Record<string, string>, exported: Record<string, unknown>]> = [
  [
    'names of all kinds',
    {
      'index.js': "import * as names from './names.js'\nglobalThis.used = { names }\n",
      'names.js':
        "export default () => 'd'\nexport const one = 1\nexport let two = 2\nexport { one as 'a, b', two as from }\n",
    },
    { 'index.js': {}, 'names.js': { default: 'd', one: 1, two: 2, 'a, b': 1, from: 2 } },
  ],
  [
    'the same names in several modules of a file',
    {
      'index.js': "import './a.js'\nimport './b.js'\nexport const one = 1\n",
      'a.js': 'export const one = 2\nglobalThis.a = one\n',
      'b.js': 'export const one = 3\nglobalThis.b = one\n',
    },
    { 'index.js': { one: 1 }, 'a.js': { one: 2 }, 'b.js': { one: 3 } },
  ],
  [
    'a module that re-exports others, of which nothing is printed',
    {
      'index.js': "export * from './barrel.js'\n",
      'barrel.js':
        "export * from './one.js'\nexport { default as two } from './two.js'\nexport * as all from './one.js'\n",
      'one.js': "export const one = 1\nexport default 'no'\n",
      'two.js': 'export default 2\n',
    },
    {
      'index.js': { one: 1, two: 2, all: { one: 1, default: 'no' } },
      'barrel.js': { one: 1, two: 2, all: { one: 1, default: 'no' } },
      'one.js': { one: 1, default: 'no' },
      'two.js': { default: 2 },
    },
  ],
  [
    'what two modules export under one name, and a third as a whole',
    {
      'index.js': "export * from './a.js'\nexport * from './b.js'\n",
      'a.js': 'export const both = 1\nexport const a = 1\n',
      'b.js': 'export const both = 2\nexport const b = 2\n',
    },
    { 'index.js': { a: 1, b: 2 }, 'a.js': { both: 1, a: 1 }, 'b.js': { both: 2, b: 2 } },
  ],
  [
    'modules that re-export each other in a circle',
    {
      'index.js': "export * from './a.js'\n",
      'a.js': "export * from './b.js'\nexport const a = 1\n",
      'b.js': "export * from './a.js'\nexport const b = 2\n",
    },
    { 'index.js': { a: 1, b: 2 }, 'a.js': { a: 1, b: 2 }, 'b.js': { a: 1, b: 2 } },
  ],
  [
    'CommonJS, and what an ECMAScript module re-exports of it',
    {
      'index.js': "import common from './common.cjs'\nexport { one } from './common.cjs'\nexport { common }\n",
      'common.cjs': 'exports.one = 1\n',
    },
    { 'index.js': { one: 1, common: { one: 1 } }, 'common.cjs': { default: { one: 1 } } },
  ],
  [
    'ECMAScript modules that run when they are required',
    {
      'index.js': "import user from './user.cjs'\nexport { user }\n",
      'user.cjs': "exports.ran = globalThis.ran\nexports.use = () => require('./esm.mjs').one\n",
      'esm.mjs': "import './effect.mjs'\nexport const one = 1\nexport { two } from './two.mjs'\n",
      'effect.mjs': 'globalThis.ran = 1\n',
      'two.mjs': 'export const two = 2\n',
    },
    {
      'index.js': { user: { use: 1 } },
      'user.cjs': { default: { use: 1 } },
      'esm.mjs': { one: 1, two: 2 },
      'effect.mjs': {},
      'two.mjs': { two: 2 },
    },
  ],
  [
    'what is not bundled',
    {
      'index.js':
        "export { sep as separator } from 'node:path'\nimport * as path from 'node:path'\nexport const name = path.basename('/a/index.js')\nimport posix from 'node:path/posix'\nexport const { sep } = posix\n",
    },
    { 'index.js': { separator: '/', sep: '/', name: 'index.js' } },
  ],
  [
    'scripts and JSON',
    {
      'index.js': "import './script.js'\nimport data from './data.json'\nexport { data }\n",
      'script.js': 'globalThis.scripted = 1\n',
      'data.json': '{ "one": 1 }\n',
    },
    { 'index.js': { data: { one: 1 } }, 'script.js': {}, 'data.json': { default: { one: 1 } } },
  ],
  [
    'modules that are imported dynamically alone',
    { 'index.js': "export const load = () => import('./lazy.js')\n", 'lazy.js': 'export const lazy = 1\n' },
    { 'index.js': { load: 'lazy' }, 'lazy.js': { lazy: 1 } },
  ],
]

describe('all modules of a layer can be reached:', () => {
  test.for(cases)('%s', async ([, sources, expected]) => {
    const { exported, code } = await built(sources, { options: { external: [/^node:/] } })
    expect(exported).toEqual(expected)
    expect(code, 'what lists them is not written').not.toContain('__evenkeel')
  })
})

test('for which module something is imported that is not bundled', async () => {
  const sources = {
    'first.js':
      "export * from './all.js'\nexport * from './needing.cjs'\nexport const load = () => import('some-day')\n",
    'all.js': "export * from 'all'\n",
    'needing.cjs': "exports.needed = require('needed')\n",
    'second.js': "export * from './all.js'\nimport { at } from 'node:path'\nexport const second = at\n",
  }
  // As Vite does with what is required.
  const facade = 'facade-of:'
  const left: Plugin = {
    name: 'left',
    resolveId(id, _, { kind }) {
      if (!/^[\w:]+(?:-\w+)*$/.test(id)) return undefined
      return kind === 'require-call' ? facade + id : { id, external: 'absolute' }
    },
    load: (id) =>
      id.startsWith(facade)
        ? `import * as m from ${JSON.stringify(id.slice(facade.length))}\nmodule.exports = m\n`
        : null,
  }
  const { externals } = await built(sources, {
    options: { plugins: [left] },
    entries: ['first.js', 'second.js'],
    isImported: false,
  })
  expect(externals.toSorted()).toEqual([
    ['all', 'all.js'],
    ['all', 'all.js'],
    ['needed', 'needing.cjs'],
    ['node:path', 'second.js'],
    ['some-day', 'first.js'],
  ])
})

test('a layer of very many modules lists all of them', async () => {
  const numbers = Array.from({ length: 450 }, (_, number) => number)
  const sources = Object.fromEntries(
    numbers.map((number) => [`${number}.js`, `export const one = ${number}\nglobalThis.one = one\n`]),
  )
  const { exported } = await built({
    ...sources,
    'index.js': numbers.map((number) => `import './${number}.js'\n`).join(''),
  })
  expect(exported).toEqual({ 'index.js': {}, ...Object.fromEntries(numbers.map((one) => [`${one}.js`, { one }])) })
})

test('a module that runs when it is required, and is re-exported by one that is listed much later', async () => {
  const numbers = Array.from({ length: 205 }, (_, number) => number)
  const { exported } = await built({
    ...Object.fromEntries(numbers.map((number) => [`${number}.js`, `globalThis.n${number} = 1\nexport {}\n`])),
    'index.js': `import user from './user.cjs'\n${numbers.map((number) => `import './${number}.js'\n`).join('')}export * from './barrel.js'\nexport { user }\n`,
    'user.cjs': "exports.use = () => require('./one.mjs').one\n",
    'one.mjs': 'export const one = 1\nglobalThis.one = 1\n',
    'barrel.js': "export { one } from './one.mjs'\nexport const two = 2\n",
  })
  expect(exported).toMatchObject({ 'one.mjs': { one: 1 }, 'barrel.js': { one: 1, two: 2 } })
})

test('what was read and is in no file may not change either', async () => {
  const { sources, modules } = await built({
    'package.json': '{ "type": "module", "sideEffects": false }',
    'index.js': "export { used } from './barrel.js'\n",
    'barrel.js': "export * from './unused.js'\nexport const used = 1\n",
    'unused.js': 'export const unused = 2\n',
  })
  expect([...modules.keys()]).not.toContain('unused.js')
  expect(sources).toEqual(['barrel.js', 'index.js', 'unused.js'])
})

test('a module whose name is longer than any file', async () => {
  const plugin: Plugin = {
    name: 'virtual',
    resolveId: (id) => (id.startsWith('virtual:') ? id : null),
    load: (id) => (id.startsWith('virtual:') ? 'export const long = 1' : null),
  }
  const { exported } = await built(
    { 'index.js': `export { long } from 'virtual:${'a'.repeat(300)}'\nexport const two = 2\n` },
    { options: { plugins: [plugin] } },
  )
  expect(exported['index.js']).toEqual({ long: 1, two: 2 })
})

describe('what nobody needs is neither written nor run:', () => {
  const unused = "document.title = 'not in Node'\nexport const unused = 1\n"
  const sources = {
    'package.json': '{ "type": "module", "sideEffects": false }',
    'unused.js': unused,
    'used.js': 'export const used = 2\n',
  }

  test('a module, and what re-exports it with nothing of its own', async () => {
    const { exported, modules, code } = await built({
      ...sources,
      'index.js': "export { used } from './barrel.js'\n",
      'barrel.js': "export * from './unused.js'\nexport * from './used.js'\n",
    })
    expect(exported).toEqual({ 'index.js': { used: 2 }, 'used.js': { used: 2 } })
    expect(code).not.toContain('not in Node')
    const barrel = modules.get('barrel.js') as Extract<WrittenModule, { kind: 'esm' }>
    expect(barrel.unused).toEqual([[expect.stringContaining('unused.js'), { unused: 'unused' }]])
    expect(stubOf('barrel.js', barrel)).toMatch(
      /^export \{ used \} from "evenkeel:file\/.*\nexport \{ unused \} from ".*unused\.js"/,
    )
  })

  test('a module, while what re-exports it has state that is needed', async () => {
    const { exported, modules } = await built({
      ...sources,
      'index.js': "export { state } from './both.js'\n",
      'both.js': "export { unused as other } from './unused.js'\nexport const state = { of: 'both' }\n",
    })
    expect(exported).toEqual({ 'index.js': { state: { of: 'both' } } })
    expect(modules.get('both.js')).toMatchObject({ unused: [[expect.anything(), { other: 'unused' }]] })
    expect([...modules.keys()]).not.toContain('unused.js')
  })
})

const pure = { 'package.json': '{ "type": "module", "sideEffects": false }' }
const late: Array<[what: string, entries: string[], sources: Record<string, string>, last: Record<string, unknown>]> = [
  [
    'an index of which one module was needed before',
    ['first.js', 'index.js'],
    {
      ...pure,
      'first.js': "export { used } from './index.js'\n",
      'index.js': "export { used } from './used.js'\nexport const version = '1'\n",
      'used.js': 'export const used = { once: true }\n',
    },
    { used: { once: true }, version: '1' },
  ],
  [
    'a module that nobody had needed, and one that had been needed with it',
    ['first.js', 'last.js'],
    {
      ...pure,
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js': "export { used } from './used.js'\nexport { unused } from './unused.js'\nexport const state = 1\n",
      'used.js': 'export const used = 1\n',
      'unused.js': "import { used } from './used.js'\nexport const unused = used + 1\n",
      'last.js': "export * from './index.js'\n",
    },
    { used: 1, unused: 2, state: 1 },
  ],
  [
    'all of a module that nobody had needed, as a namespace',
    ['first.js', 'last.js'],
    {
      ...pure,
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js': "export * as ns from './unused.js'\nexport { used } from './used.js'\n",
      'used.js': 'export const used = 1\n',
      'unused.js': 'export const unused = 2\n',
      'last.js': "import { ns, used } from './index.js'\nexport const last = [ns.unused, used]\n",
    },
    { last: [2, 1] },
  ],
  [
    'what comes from an earlier layer by a module that nobody had needed',
    ['third.js', 'second.js', 'last.js'],
    {
      ...pure,
      'third.js': 'export const third = 3\n',
      'second.js': "import { own } from './half.js'\nexport const second = own\n",
      'half.js': "export { third as again } from './third.js'\nexport const own = 'own'\n",
      'last.js': "export { again, own } from './half.js'\n",
    },
    { again: 3, own: 'own' },
  ],
  [
    'modules that run when they are required, by what only re-exports them',
    ['first.js', 'last.js'],
    {
      'first.js': "import user from './user.cjs'\nimport { x } from './barrel.js'\nexport { user, x }\n",
      'user.cjs': "exports.use = () => [require('./one.mjs').one, require('./two.mjs').two]\n",
      'barrel.js': "export { one } from './one.mjs'\nexport { two } from './two.mjs'\nexport { x } from './x.mjs'\n",
      'one.mjs': 'export const one = 1\nglobalThis.one = 1\n',
      'two.mjs': 'export const two = 2\nglobalThis.two = 2\n',
      'x.mjs': 'export const x = 0\n',
      'last.js': "import { one } from './one.mjs'\nimport { two } from './two.mjs'\nexport const last = [one, two]\n",
    },
    { last: [1, 2] },
  ],
  ...[{}, pure].map((more): (typeof late)[number] => [
    `the same by what only re-exports them${'package.json' in more ? ', without side effects' : ''}`,
    ['first.js', 'last.js'],
    {
      ...more,
      'first.js': "import user from './user.cjs'\nimport { x } from './barrel.js'\nexport { user, x }\n",
      'user.cjs': "exports.use = () => require('./one.mjs').one\n",
      'barrel.js': "export { one } from './one.mjs'\nexport { x } from './x.mjs'\n",
      'one.mjs': 'export const one = 1\n',
      'x.mjs': 'export const x = 0\n',
      'last.js': "import { one, x } from './barrel.js'\nexport const last = [one, x]\n",
    },
    { last: [1, 0] },
  ]),
  [
    'such a module by something that only re-exports it and comes later',
    ['first.js', 'second.js', 'last.js'],
    {
      'first.js': "import user from './user.cjs'\nexport { user }\n",
      'user.cjs': "exports.use = () => require('./one.mjs').one\n",
      'one.mjs': 'export const one = 1\n',
      'second.js': "import { x } from './barrel.js'\nexport const second = x\n",
      'barrel.js': "export { one } from './one.mjs'\nexport { x } from './x.mjs'\n",
      'x.mjs': 'export const x = 0\n',
      'last.js': "import { one, x } from './barrel.js'\nexport const last = [one, x]\n",
    },
    { last: [1, 0] },
  ],
  [
    'CommonJS that nobody had needed, re-exported as a whole',
    ['first.js', 'last.js'],
    {
      ...pure,
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js': "export { used } from './used.js'\nexport * from './legacy.cjs'\nexport const state = 1\n",
      'used.js': 'export const used = 1\n',
      'legacy.cjs': "exports.legacy = 'old'\n",
      'last.js': "export { legacy, used } from './index.js'\n",
    },
    { legacy: 'old', used: 1 },
  ],
  [
    'one thing of an index, and not what is imported by something of it that nobody has needed',
    ['dom.js', 'first.js', 'last.js'],
    {
      ...pure,
      'dom.js': 'globalThis.dom = true\nexport const dom = 1\n',
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js': "export { used } from './used.js'\nexport { Heavy } from './heavy.js'\n",
      'used.js': 'export const used = 1\n',
      'heavy.js': "import { dom } from './dom.js'\nexport const Heavy = dom + 1\n",
      'last.js': "import { used } from './index.js'\nexport const last = [used, globalThis.dom ?? false]\n",
    },
    { last: [1, false] },
  ],
  [
    'what nobody had needed, by a module that re-exports it and one that re-exports it from there',
    ['first.js', 'last.js'],
    {
      ...pure,
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js': "export { used } from './used.js'\nexport { create } from './utils.js'\n",
      'used.js': 'export const used = 1\n',
      'utils.js': "export { default as create } from './create.js'\nexport const state = { of: 1 }\n",
      'create.js': "export { default } from './origin.js'\n",
      'origin.js': "export default () => 'made'\n",
      'last.js': "import { create, state } from './utils.js'\nexport const last = [create(), state]\n",
    },
    { last: ['made', { of: 1 }] },
  ],
  [
    'names that are none of a variable',
    ['first.js', 'last.js'],
    {
      'first.js': "export { one as '2x', one as '→', one as 'a-b' } from './one.js'\n",
      'one.js': 'export const one = 1\n',
      'last.js': "export * from './first.js'\n",
    },
    { '2x': 1, '→': 1, 'a-b': 1 },
  ],
  [
    'a script in an ECMAScript module without exports',
    ['first.js', 'last.js'],
    {
      'first.js': "import './bundled.js'\nexport const first = 1\n",
      'bundled.js':
        'var __commonJS = (cb) => () => Object.values(cb)[0]({})\nvar require_x = __commonJS({\n  "x.js"(exports) {\n    globalThis.ran = true\n  }\n});\nglobalThis.lazy = () => require_x()\nexport {}\n',
      'last.js': "import './bundled.js'\nexport const ran = globalThis.ran ?? false\n",
    },
    { ran: false },
  ],
  [
    'a directive of a module that is not needed as a whole at first',
    ['first.js', 'index.js'],
    {
      ...pure,
      'first.js': "import { used } from './index.js'\nexport const first = used\n",
      'index.js':
        "'use client'\nexport { used } from './used.js'\nexport { unused } from './unused.js'\nexport const own = 3\n",
      'used.js': 'export const used = 1\n',
      'unused.js': 'export const unused = 2\n',
    },
    { used: 1, unused: 2, own: 3 },
  ],
]

describe('a later layer has', () => {
  test.for(late)('%s', async ([, entries, sources, last]) => {
    const { exported } = await built(sources, { entries })
    expect(exported[entries.at(-1) ?? '']).toEqual(last)
  })
})

const opaque: Array<[what: string, sources: Record<string, string>, options: InputOptions]> = [
  [
    'a re-export, which nobody has needed, of what only the build could load that has resolved it',
    {
      'package.json': '{ "type": "module", "sideEffects": false }',
      'index.js': "import { state } from './both.js'\nexport const first = state\n",
      'both.js': "export { x } from 'data:text/javascript,export const x = 1'\nexport const state = { of: 1 }\n",
    },
    {},
  ],
  ['a name that no object can have', { 'index.js': 'export { p as __proto__ }\nconst p = 1\n' }, {}],
  [
    'what is no JavaScript',
    { 'index.js': "import './x.bin'\nexport const one = 1\n", 'x.bin': 'x' },
    { moduleTypes: { '.bin': 'base64' } },
  ],
]
test.for(opaque)('a module is left to its file: %s', async ([, sources, options]) => {
  const { modules } = await built(sources, { options })
  const name = Object.keys(sources).at(-1) ?? ''
  expect(modules.get(name)?.kind ?? 'opaque').toBe('opaque')
})

describe('modules are listed once all have been read, whatever plugins do:', () => {
  const sources = {
    'index.js': "export * from './other.js'\nexport const one = 1\n",
    'other.js': 'export const other = 2\n',
  }
  const plugins: Array<[what: string, plugin: Plugin, more?: Record<string, string>]> = [
    ['slow ones', { name: 'slow', load: () => new Promise((resolve) => setTimeout(() => resolve(null), 20)) }],
    [
      'an external module that only they know',
      {
        name: 'external',
        resolveId: (id) => (id === 'virtual:path' ? { id: 'node:path', external: true } : null),
      },
      { 'other.js': "import 'virtual:path'\nexport const other = 2\n" },
    ],
    [
      'virtual modules that are re-exported as a whole',
      {
        name: 'virtual',
        resolveId: (id) => (id === 'virtual:other' ? '\0virtual:other' : null),
        load: async (id) => {
          if (id !== '\0virtual:other') return null
          await new Promise((resolve) => setTimeout(resolve, 30))
          return 'export const other = 2'
        },
      },
      { 'other.js': "export * from 'virtual:other'\n" },
    ],
    [
      'one that changes whatever it is given',
      {
        name: 'instrumentation',
        transform: (code, id) =>
          id.includes('rolldown') ? null : { code: code.replaceAll(/\);$/gm, '), 0;'), map: null },
      },
    ],
    [
      'virtual modules',
      {
        name: 'virtual',
        resolveId: (id) => (id === 'virtual:one' ? '\0virtual:one' : null),
        load: (id) => (id === '\0virtual:one' ? 'export default 1' : null),
      },
      { 'other.js': "import one from 'virtual:one'\nexport const other = one + 1\n" },
    ],
    [
      'an entry that leads to another module',
      {
        name: 'elsewhere',
        resolveId(id, importer) {
          return importer === undefined && id.endsWith('index.js') ? id.replace('index.js', 'real.js') : null
        },
      },
      { 'real.js': "export * from './other.js'\nexport const one = 1\n" },
    ],
  ]
  test.for(plugins)('%s', async ([, plugin, more]) => {
    const { exported } = await built({ ...sources, ...more }, { options: { plugins: [plugin] } })
    expect(Object.values(exported)).toEqual(
      expect.arrayContaining([expect.objectContaining({ one: 1, other: 2 }), expect.objectContaining({ other: 2 })]),
    )
  })

  test('a barrel that Rolldown would not read to its end', async () => {
    const { exported } = await built(
      {
        'package.json': '{ "type": "module", "sideEffects": false }',
        'index.js': "export { one } from './barrel.js'\n",
        'barrel.js': "export { one } from './one.js'\nexport { two } from './two.js'\n",
        'one.js': 'export const one = 1\n',
        'two.js': 'export const two = 2\n',
      },
      { options: { experimental: { lazyBarrel: true } } },
    )
    expect(exported).toEqual({ 'index.js': { one: 1 }, 'one.js': { one: 1 } })
  })

  test('two files that a plugin leaves where they are', async () => {
    const plugin: Plugin = {
      name: 'components',
      resolveId: (id) => (id.startsWith('left-') ? { id: `/components/${id}.js`, external: true } : null),
    }
    const { modules } = await built(
      {
        'index.js': "import './a.js'\nimport './b.js'\nexport const one = 1\n",
        'a.js': "import 'left-a'\nexport const a = 1\n",
        'b.js': "import 'left-b'\nexport const b = 1\n",
      },
      { options: { plugins: [plugin] }, isImported: false },
    )
    expect([...modules.values()].map(({ kind }) => kind)).toEqual(['esm', 'esm', 'esm'])
  })

  test.for(['.jsx', '.js'])('a file that a plugin leaves where it is: %s', async (ending) => {
    const plugin: Plugin = {
      name: 'components',
      resolveId: (id) => (id.includes('left') ? { id: `/components/left${ending}`, external: true } : null),
    }
    const { modules } = await built(
      { ...sources, 'other.js': "import 'left'\nexport const other = 2\n" },
      { options: { plugins: [plugin] }, isImported: false },
    )
    expect([...modules.values()].map(({ kind }) => kind)).toEqual(['esm', 'esm'])
  })

  test('what a plugin emits when it is read, which nobody else needs', async () => {
    const plugin: Plugin = {
      name: 'emits',
      moduleParsed({ id }) {
        if (id.endsWith('worker.js')) this.emitFile({ type: 'chunk', id })
      },
    }
    const pkg = {
      ...pure,
      'index.js': "export { used } from './barrel.js'\n",
      'barrel.js': "export { used } from './used.js'\nexport { work } from './worker.js'\n",
      'used.js': 'export const used = 1\n',
      'worker.js': "export const work = 'is written'\n",
    }
    const { code } = await built(pkg, { options: { plugins: [plugin] } })
    expect(code).toContain('is written')
  })

  test('a package that is not there', async () => {
    const { modules } = await built(
      { ...sources, 'other.js': "import 'missing-peer'\nexport const other = 2\n" },
      { isImported: false },
    )
    expect([...modules.values()].map(({ kind }) => kind)).toEqual(['esm', 'esm'])
  })

  test('a module that an option leaves out', async () => {
    const left = {
      'index.js': "export { one } from './left.js'\nexport const two = 2\n",
      'left.js': 'export const one = 1\n',
    }
    const { modules } = await built(left, { options: { external: (id) => id.endsWith('left.js') }, isImported: false })
    expect([...modules.keys()]).toEqual(['index.js'])
    expect(modules.get('index.js')?.kind).toBe('esm')
  })
})
