// The parts of the additive optimizer that decide by names and texts alone.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseIndex } from '../../clients/vite/dist/additive/manifest.js'
import { directivesOf, isModule, starExports } from '../../clients/vite/dist/additive/module-syntax.js'
import { Groups, packageNamed, packageOf } from '../../clients/vite/dist/additive/packages.js'
import { MARK, extract } from '../../clients/vite/dist/additive/rolldown-extraction.js'
import { facadeOf, stubOf } from '../../clients/vite/dist/additive/stubs.js'
import { initSync } from '../../clients/vite/node_modules/es-module-lexer/dist/lexer.js'
import { parseAst } from '../node_modules/vite/dist/node/index.js'

initSync()

test('the package of a module is told on every system', () => {
  const table = [
    ['/app/node_modules/react/index.js', { name: 'react', folder: '/app/node_modules/react' }],
    ['/app/node_modules/@a/b/c.js?v=1', { name: '@a/b', folder: '/app/node_modules/@a/b' }],
    ['/app/node_modules/.pnpm/a@1/node_modules/b/c.js', { name: 'b', folder: '/app/node_modules/.pnpm/a@1/node_modules/b' }],
    ['/app/node_modules/a/node_modules/b/c.js', { name: 'b', folder: '/app/node_modules/a/node_modules/b' }],
    ['C:\\app\\node_modules\\@a\\b\\c.js', { name: '@a/b', folder: 'C:/app/node_modules/@a/b' }],
    ['/app/packages/own/index.js', undefined],
    ['\0virtual:module', undefined],
    ['\0rolldown/empty.js?/app/node_modules/a/b.js', undefined],
  ]
  for (const [id, wanted] of table) assert.deepEqual(packageOf(id), wanted, id)
})

test('the package that an import names', () => {
  const table = [
    ['react', 'react'],
    ['react/jsx-runtime', 'react'],
    ['@a/b', '@a/b'],
    ['@a/b/c', '@a/b'],
    ['./react', undefined],
    ['/react', undefined],
    ['node:fs', undefined],
    ['#internal', undefined],
  ]
  for (const [specifier, wanted] of table) assert.equal(packageNamed(specifier), wanted, specifier)
})

describe('packages share a chunk', () => {
  const groupsOf = (entries, imports) => {
    const groups = new Groups(entries)
    for (const [importer, imported] of imports) groups.sawImport(importer, imported)
    return (name) => groups.of(name)
  }

  test('that only one entry needs, however far away', () => {
    const of = groupsOf(['antd'], [['antd', 'rc-a'], ['antd', 'rc-b'], ['rc-a', 'rc-util'], ['rc-b', 'rc-util']])
    assert.deepEqual(['antd', 'rc-a', 'rc-b', 'rc-util'].map(of), ['antd', 'antd~needs', 'antd~needs', 'antd~needs'])
  })

  test('but not those that two entries need', () => {
    const of = groupsOf(['a', 'b'], [['a', 'shared'], ['b', 'shared'], ['a', 'own']])
    assert.deepEqual(['a', 'b', 'own', 'shared'].map(of), ['a', 'b', 'a~needs', 'shared'])
  })

  test('that import each other', () => {
    const of = groupsOf(['a'], [['a', 'b'], ['b', 'c'], ['c', 'b'], ['c', 'a']])
    assert.deepEqual([of('b'), of('c')], ['a', 'a'])
  })
})

describe('a source', () => {
  const modules = {
    'an import first': ["import a from 'a'\n", true],
    'an export behind a comment': ['/* export */\n// import\nexport default 1\n', true],
    'all in one line': ['var a=1;export{a};', true],
    'CommonJS': ["'use strict'\nexports.a = require('a')\n", false],
    'a statement in a template of CommonJS': ['exports.a = `\nexport default 1\n`\n', false],
    'a statement in a comment of CommonJS': ['/*\nexport default 1\n*/\nexports.a = 1\n', false],
    'a dynamic import alone': ["exports.a = () => import('a')\n", false],
  }
  for (const [what, [code, wanted]] of Object.entries(modules)) {
    test(`${what}: ${wanted ? 'an ECMAScript module' : 'none'}`, () => assert.equal(isModule(code, parseAst), wanted))
  }

  test('keeps its directives', () => {
    assert.deepEqual(directivesOf('/* © */\n"use client";\nexport {}', parseAst), ['use client'])
    assert.deepEqual(directivesOf("'use strict';\n'use client'\nexports.a = 1", parseAst), ['use client'])
    assert.deepEqual(directivesOf('export {}\n"use client"', parseAst), [])
  })

  test('with very many comments is read in no time', { timeout: 5_000 }, () => {
    assert.deepEqual(directivesOf('/* a */ '.repeat(100_000) + 'a()', parseAst), [])
    assert.deepEqual(directivesOf('/*' + ' *a'.repeat(100_000), parseAst), [])
  })

  test('tells what it re-exports as a whole', () => {
    const code = "export * from 'a'\nexport * as b from 'b'\nexport { c } from 'c'\nexport*from'd'\n"
    assert.deepEqual(starExports(code, parseAst), ['a', 'd'])
  })
})

describe('what stands for a written module', () => {
  const esm = { kind: 'esm', file: 'a.js', exports: { a: 'e$a', default: 'e$b', 'not a name': 'e$c' } }

  test('re-exports its bindings', () => {
    assert.equal(stubOf('/a.js', esm), 'export { e$a as a, e$b as default, e$c as "not a name" } from "evenkeel:file/a.js";\n')
  })

  test('calls the wrapper of a CommonJS module', () => {
    const cjs = { kind: 'cjs', file: 'a.js', require: 'e$require_a' }
    assert.equal(stubOf('/a.cjs', cjs), 'module.exports = require("evenkeel:require//a.cjs.mjs").r()\n')
    const { code, exports } = facadeOf({ ...cjs, directives: ['use client'] }, '?v=1')
    assert.equal(code, '"use client";\nimport { e$require_a } from "./a.js?v=1";\nexport default e$require_a();\n')
    assert.deepEqual(exports, ['default'])
  })

  test('has no facade where its exports cannot be named', () => {
    assert.equal(facadeOf({ ...esm, stars: [{ module: '/c.cjs' }] }, '?v=1'), undefined)
    assert.equal(facadeOf({ kind: 'opaque', file: 'a.js', why: '' }, '?v=1'), undefined)
  })
})

test('a manifest of another kind is refused', () => {
  const table = [['null', /version/], ['{}', /version/], ['{"version":999}', /999/], ['{"version":1}', /not complete/], ['{', /JSON/]]
  for (const [text, why] of table) assert.throws(() => parseIndex(text), why, text)
})

describe('the exports of a printed module are found', () => {
  const printed = (before) => `${before}var x_exports = /* @__PURE__ */ __exportAll({ one: () => one });\nvar one = 1;\n${MARK}(x_exports);`
  const table = [
    ['at the beginning', ''],
    ['behind a line', 'var zero = 0;\n'],
    ['behind the end of a licence, in its line', '/**\n * A licence.\n */ '],
    ['behind a comment that has the same words', '/* var x_exports = nothing */\n'],
  ]
  for (const [where, before] of table) {
    test(where, () => {
      const { module } = extract(printed(before), 'x.js', parseAst)
      assert.deepEqual(module, { kind: 'esm', file: 'x.js', exports: { one: 'e$one' } })
    })
  }
})

test('a module with imports that Rolldown takes for CommonJS all the same is reached as one', () => {
  const printed = `var require_x = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var import_x = /* @__PURE__ */ __toESM(require_x());
	module.exports = m.default;
	${MARK}(import_x);
}));`
  assert.deepEqual(extract(printed, 'x.js', parseAst).module, { kind: 'cjs', file: 'x.js', require: 'e$require_x' })
})

test('a module that exports what an object cannot have is left to its file', () => {
  const printed = `var x_exports = /* @__PURE__ */ __exportAll({ __proto__: () => p, other: () => p });\nvar p = 1;\n${MARK}(x_exports);`
  const { module, kept } = extract(printed, 'x.js', parseAst)
  assert.equal(module.kind, 'opaque')
  assert.equal(kept.size, 0)
})
