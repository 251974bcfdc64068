import { parseAst } from 'vite'
import { describe, expect, test, vi } from 'vitest'
import { MARK, declarationsIn } from './rolldown-declarations.js'
import { type Extracted, extractAll, splitAtMarks, withoutRun, withoutUnusedHelper } from './rolldown-extraction.js'

type Parse = Parameters<typeof extractAll>[3]

const extracted = (printed: Map<string, string>, file: string, parse: Parse, isScript = true) =>
  extractAll(printed, file, declarationsIn(printed, parse), parse, () => isScript)
const extract = (printed: string, file: string, parse: Parse, isScript = true) =>
  extracted(new Map([['x', printed]]), file, parse, isScript).get('x') as Extracted

describe('the exports of a printed module are found', () => {
  const printed = (before: string) =>
    `${before}var x_exports = /* @__PURE__ */ __exportAll({ one: () => one });\nvar one = 1;\n${MARK}(x_exports);`

  test.for([
    ['at the beginning', ''],
    ['after a line', 'var zero = 0;\n'],
    ['after the end of a licence, in its line', '/**\n * A licence.\n */ '],
    ['after a comment that has the same words', '/* var x_exports = nothing */\n'],
  ] as const)('%s', ([, before]) => {
    const { module } = extract(printed(before), 'x.js', parseAst)
    expect(module).toEqual({ kind: 'esm', file: 'x.js', exports: { one: 'e$one' } })
  })
})

describe('the exports of many modules of a file are found', () => {
  const printed = (name: string, exported = 'one') =>
    `var ${name}_exports = /* @__PURE__ */ __exportAll({ ${exported}: () => ${name} });\nvar ${name} = 1;\n${MARK}(${name}_exports);`
  const exportsOf = (files: string[], parse: Parse) =>
    [...extracted(new Map(files.map((code) => [code, code])), 'x.js', parse).values()].map(({ module }) =>
      module.kind === 'esm' ? module.exports : module.kind,
    )

  test('by one call of the parser', () => {
    const parse = vi.fn((code: string) => parseAst(code))
    const all = exportsOf([printed('a'), 'effect();', printed('b'), printed('ü')], parse)
    expect(all).toEqual([{ one: 'e$a' }, {}, { one: 'e$b' }, { one: 'e$ü' }])
    expect(parse).toHaveBeenCalledTimes(1)
  })

  test('those of CommonJS modules by one more', () => {
    const parse = vi.fn((code: string) => parseAst(code))
    const commonJs = 'var require_c = /* @__PURE__ */ __commonJSMin(((exports) => {\n\texports.one = 1;\n}));'
    expect(exportsOf([printed('a'), commonJs, printed('b')], parse)).toEqual([{ one: 'e$a' }, 'cjs', { one: 'e$b' }])
    expect(parse).toHaveBeenCalledTimes(2)
  })

  test.for([
    ['the end of a statement', '");"'],
    ['half of a template', '"`);"'],
    ['the beginning of a getter', '"() => a"'],
    ['the end of the object', '"});"'],
  ] as const)('where a name has %s in it', ([, name]) => {
    const all = exportsOf([printed('a'), printed('b', name), printed('c')], parseAst)
    expect(all).toEqual([{ one: 'e$a' }, { [JSON.parse(name) as string]: 'e$b' }, { one: 'e$c' }])
  })
})

describe('the code of a file is split into that of its modules', () => {
  const module = (name: string, number: string) => `var ${name} = 1;\n${MARK}(${name}_exports, ${number});`

  test('at their marks', () => {
    expect(splitAtMarks(`${module('a', '7')}\n${module('b', '1e3')}\nexport { a };`)).toEqual([
      [7, module('a', '7')],
      [1000, `\n${module('b', '1e3')}`],
    ])
  })

  test.for(['__commonJSMin', '__esmMin', '__reExport'])('but not that after %s', (helper) => {
    expect(splitAtMarks(`var other = ${helper}();\n${module('a', '0')}\n${module('b', '1')}`)).toEqual([
      [1, `\n${module('b', '1')}`],
    ])
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

test('a script is not read to its end, and comments alone are none', () => {
  const parse = () => expect.fail('it is parsed')
  const script = `/* A licence. */ // more\n${'var one = 1;\n'.repeat(3)}`
  expect(extract(script, 'x.js', parse).module).toEqual({ kind: 'esm', file: 'x.js', exports: {} })
  expect(extract('/* A licence. */\n// more', 'x.js', parse).module.kind).toBe('opaque')
})

test('what is no JavaScript is no script, whatever is printed for it', () => {
  expect(extract('var x_default = "data:,";', 'x.js', parseAst, false).module.kind).toBe('opaque')
})

test('a package that has been bundled before may have functions of the same names', () => {
  const exported = `var x_exports = /* @__PURE__ */ __exportAll({ load: () => load });\n`
  const own = 'var init_heavy = /* @__PURE__ */ __esmMin(() => {});\nvar load = () => init_heavy();\n'
  const plain = { kind: 'esm', file: 'x.js', exports: { load: 'e$load' } }
  expect(extract(`${exported}${own}${MARK}(x_exports);`, 'x.js', parseAst).module).toEqual(plain)
  const wrapped = `${exported}${own}var init_x = /* @__PURE__ */ __esmMin((() => {\n\t${MARK}(x_exports);\n}));`
  expect(extract(wrapped, 'x.js', parseAst).module).toEqual({ ...plain, init: 'e$init_x' })
  const script = '(function () {\n  var require_y = /* @__PURE__ */ __commonJSMin(() => {});\n})();'
  expect(extract(script, 'x.js', parseAst).module).toEqual({ kind: 'esm', file: 'x.js', exports: {} })
})

test('a module that exports what an object cannot have is left to its file', () => {
  const printed = `var x_exports = /* @__PURE__ */ __exportAll({ __proto__: () => p, other: () => p });\nvar p = 1;\n${MARK}(x_exports);`
  const { module, kept } = extract(printed, 'x.js', parseAst)
  expect(module.kind).toBe('opaque')
  expect(kept.size).toBe(0)
})

describe('an entry is run by its facade, and by no file that has something else of it', () => {
  const cjs = { kind: 'cjs', file: 'x.js', require: 'e$require_x' } as const
  const esm = { kind: 'esm', file: 'x.js', exports: {}, init: 'e$init_x' } as const

  test.for([
    ['at the end', 'var one;\nexport default require_x();', cjs],
    ['at the end, in a line of its own', 'var one;\nexport default require_x();\n', cjs],
    ['before exports', 'var one;\nexport default require_x();\n\nexport { one };', cjs],
    ['before exports that end their line', 'var one;\nexport default require_x();\nexport { one };\n', cjs],
    ['of ESM', 'var one;\ninit_x();\nexport { one };\n', esm],
  ] as const)('%s', ([, code, entry]) => {
    expect(withoutRun(code, entry)).not.toContain('_x()')
    expect(withoutRun(code, entry)).toContain('var one;')
  })

  test('what comes after the run may need it', () => {
    const code = 'export default require_x();\nmore();\n'
    expect(withoutRun(code, cjs)).toBe(code)
  })
})

test.for([
  ['goes where nothing else is imported', '__exportAll', ''],
  [
    'goes, and the others stay',
    '__commonJSMin, __exportAll, __toESM',
    'import { __commonJSMin, __toESM } from "./rolldown-runtime-x.js?v=1";',
  ],
  [
    'stays where it has another name',
    '__exportAll as t',
    'import { __exportAll as t } from "./rolldown-runtime-x.js?v=1";',
  ],
] as const)('a helper that nothing uses %s', ([, names, left]) => {
  const code = (imports: string) => `import { zero } from "./zero.js";\n${imports}\nvar one = 1;\n`
  expect(withoutUnusedHelper(code(`import { ${names} } from "./rolldown-runtime-x.js?v=1";`))).toBe(code(left))
})

test('a helper that is used stays', () => {
  const code =
    'import { __exportAll } from "./rolldown-runtime-x.js";\nvar x_exports = __exportAll({ one: () => one });\n'
  expect(withoutUnusedHelper(code)).toBe(code)
})
