import { parseAst } from 'vite'
import { describe, expect, test } from 'vitest'
import { MARK, extract } from './rolldown-extraction.js'

describe('the exports of a printed module are found', () => {
  const printed = (before: string) =>
    `${before}var x_exports = /* @__PURE__ */ __exportAll({ one: () => one });\nvar one = 1;\n${MARK}(x_exports);`

  test.for([
    ['at the beginning', ''],
    ['behind a line', 'var zero = 0;\n'],
    ['behind the end of a licence, in its line', '/**\n * A licence.\n */ '],
    ['behind a comment that has the same words', '/* var x_exports = nothing */\n'],
  ] as const)('%s', ([, before]) => {
    const { module } = extract(printed(before), 'x.js', parseAst)
    expect(module).toEqual({ kind: 'esm', file: 'x.js', exports: { one: 'e$one' } })
  })
})

test('a module with imports that Rolldown takes for CommonJS all the same is reached as one', () => {
  const printed = `var require_x = /* @__PURE__ */ __commonJSMin(((exports, module) => {
	var import_x = /* @__PURE__ */ __toESM(require_x());
	module.exports = m.default;
	${MARK}(import_x);
}));`
  expect(extract(printed, 'x.js', parseAst).module).toEqual({ kind: 'cjs', file: 'x.js', require: 'e$require_x' })
})

test('a module that exports what an object cannot have is left to its file', () => {
  const printed = `var x_exports = /* @__PURE__ */ __exportAll({ __proto__: () => p, other: () => p });\nvar p = 1;\n${MARK}(x_exports);`
  const { module, kept } = extract(printed, 'x.js', parseAst)
  expect(module.kind).toBe('opaque')
  expect(kept.size).toBe(0)
})
