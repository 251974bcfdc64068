import { describe, expect, test } from 'vitest'
import { facadeOf, stubOf } from './stubs.js'

describe('what stands for a written module', () => {
  const esm = { kind: 'esm' as const, file: 'a.js', exports: { a: 'e$a', default: 'e$b', 'not a name': 'e$c' } }

  test('re-exports its bindings', () => {
    expect(stubOf('/a.js', esm)).toBe(
      'export { e$a as a, e$b as default, e$c as "not a name" } from "evenkeel:file/a.js";\n',
    )
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
