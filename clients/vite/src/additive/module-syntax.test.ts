import { initSync } from 'es-module-lexer'
import { parseAst } from 'vite'
import { expect, test } from 'vitest'
import { directivesOf, isModule, starExports } from './module-syntax.js'

initSync()

const sources: Array<[string, string, boolean]> = [
  ['an import first', "import a from 'a'\n", true],
  ['an export behind a comment', '/* export */\n// import\nexport default 1\n', true],
  ['all in one line', 'var a=1;export{a};', true],
  ['an export after a statement', 'a();export default a\n', true],
  ['an export with a comment in it', 'a();export/**/{ a }\n', true],
  ['prose about exports in CommonJS', '// export the app, as in "export it"\nexports.a = 1\n', false],
  ['CommonJS', "'use strict'\nexports.a = require('a')\n", false],
  ['a statement in a template of CommonJS', 'exports.a = `\nexport default 1\n`\n', false],
  ['a statement in a comment of CommonJS', '/*\nexport default 1\n*/\nexports.a = 1\n', false],
  ['a dynamic import alone', "exports.a = () => import('a')\n", false],
]
for (const [what, code, wanted] of sources) {
  test(`${what}: ${wanted ? 'an ECMAScript module' : 'none'}`, () => expect(isModule(code, parseAst)).toBe(wanted))
}

test('a source keeps its directives', () => {
  expect(directivesOf('/* © */\n"use client";\nexport {}', parseAst)).toEqual(['use client'])
  expect(directivesOf("'use strict';\n'use client'\nexports.a = 1", parseAst)).toEqual(['use client'])
  expect(directivesOf('export {}\n"use client"', parseAst)).toEqual([])
})

test('a source with very many comments is read in no time', { timeout: 5_000 }, () => {
  expect(directivesOf('/* a */ '.repeat(100_000) + 'a()', parseAst)).toEqual([])
  expect(directivesOf('/*' + ' *a'.repeat(100_000), parseAst)).toEqual([])
})

test('a source tells what it re-exports as a whole', () => {
  const code =
    "export * from 'a'\nexport * as b from 'b'\nexport { c } from 'c'\nexport*from'd'\nexport /* e */ * // e\nfrom 'e'\n"
  expect(starExports(code, parseAst)).toEqual(['a', 'd', 'e'])
})
