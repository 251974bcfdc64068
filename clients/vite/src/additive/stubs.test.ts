import { describe, expect, test } from 'vitest'
import { facadeOf, stubOf } from './stubs.js'

describe('what stands for a written module', () => {
  const esm = { kind: 'esm' as const, files: ['a.js'], exports: [{ a: 'a', default: 'b', 'not a name': 'c' }] }

  test('re-exports its bindings', () => {
    expect(stubOf('/a.js', esm)).toBe('export { a, b as default, c as "not a name" } from "evenkeel:file/a.js";\n')
  })

  test('runs it first, and re-exports from whichever file has what', () => {
    const module = { ...esm, files: ['a.js', 'b.js', 'c.js'], exports: [{}, { b: 't' }], init: 'n' }
    const code = [
      'import { n } from "evenkeel:file/a.js";',
      'n();',
      'import "evenkeel:file/a.js";',
      'export { t as b } from "evenkeel:file/b.js";',
      'import "evenkeel:file/c.js";',
    ]
    expect(stubOf('/a.js', module)).toBe(`${code.join('\n')}\n`)
  })

  test('re-exports what nobody had needed, and reads properties of CommonJS modules', () => {
    const module = {
      ...esm,
      files: ['a.js', 'b.js'],
      exports: [{}, {}],
      unused: [['/late.js', { late: 'default' }]] satisfies Array<[string, Record<string, string>]>,
      properties: ['one', 'two'].map((exported) => ({ exported, file: 1, name: 'x', property: exported })),
    }
    const code = [
      'import "evenkeel:file/a.js";',
      'import "evenkeel:file/b.js";',
      'import { x as p0 } from "evenkeel:file/b.js";',
      'const s0 = p0["one"];',
      'const s1 = p0["two"];',
      'export { s0 as one, s1 as two };',
      'export { default as late } from "id:/late.js";',
    ]
    expect(stubOf('/a.js', module, (id) => `id:${id}`)).toBe(`${code.join('\n')}\n`)
    expect(facadeOf(module, '?v=1'), 'which no facade can').toBeUndefined()
  })

  test('calls the wrapper of a CommonJS module', () => {
    const cjs = { kind: 'cjs' as const, file: 'a.js', require: 'e$require_a' }
    expect(stubOf('/a.cjs', cjs)).toBe('module.exports = require("evenkeel:require//a.cjs.mjs").r()\n')
    expect(facadeOf({ ...cjs, directives: ['use client'] }, '?v=1')).toEqual({
      code: '"use client";\nimport { e$require_a } from "./a.js?v=1";\nexport default e$require_a();\n',
      exports: ['default'],
    })
  })

  test('has no facade where its exports cannot be named', () => {
    expect(facadeOf({ ...esm, stars: [{ module: '/c.cjs' }] }, '?v=1')).toBeUndefined()
    expect(facadeOf({ kind: 'opaque', file: 'a.js', why: '' }, '?v=1')).toBeUndefined()
  })
})
