import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { PrintedFile, marked, markedCommonJs } from './esbuild-extraction.js'
import { MARK, skeletonOf } from './esbuild-skeleton.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-skeleton-')))
afterAll(() => rmSync(root, { recursive: true }))

/** A module of each kind that is printed in its own way; `inner` is in the body of all that have one. */
const sources = (inner: string): Record<string, string> => ({
  'entry.js': `import { one } from './one.js'\nimport common from './common.cjs'\nimport * as stars from './stars.js'\nexport default [one, common, stars, ${inner}]\n`,
  'one.js': `export let one = 1\nexport function up() { one++ }\nexport { one as "a b" }\nup()\nconsole.log(${inner})\n`,
  'nothing.js': `console.log(${inner})\n`,
  'stars.js': `import './nothing.js'\nexport * from './common.cjs'\nexport * from './one.js'\nexport * from 'outside'\n`,
  'common.cjs': `exports.inner = ${inner}\n`,
})

async function printed(folder: string, files: Record<string, string>): Promise<string> {
  mkdirSync(join(root, folder))
  for (const [file, code] of Object.entries(files)) writeFileSync(join(root, folder, file), code)
  const { outputFiles } = await build({
    entryPoints: [join(root, folder, 'entry.js')],
    bundle: true,
    write: false,
    format: 'esm',
    external: ['outside'],
    absWorkingDir: root,
    plugins: [
      {
        name: 'test:mark',
        setup: ({ onLoad }) =>
          onLoad({ filter: /js$/ }, ({ path }) => {
            const code = readFileSync(path, 'utf8')
            const isCommonJs = path.endsWith('.cjs')
            return { contents: isCommonJs ? markedCommonJs(code) : marked(code, path, `./${basename(path)}`, true) }
          }),
      },
    ],
  })
  return outputFiles[0]?.text ?? ''
}

describe('a file of lazy modules tells the same of them, whole or not', () => {
  test.for([
    ['plain', '42'],
    ['with the end of a module in a string', '`\n  }\n});\n`'],
    ['with a module in a string', '`\nvar init_one = __esm({\n  "plain/one.js"() {\n  }\n});\n`'],
    ['with a CommonJS module in a string', '`\nvar require_x = __commonJS({\n  "x.js"(exports, module) {\n  }\n});\n`'],
    ['with a namespace in a string', '`\nvar one_exports = {};\n__export(one_exports, {\n  two: () => two\n});\n`'],
  ] as const)('%s', async ([name, inner]) => {
    const files = sources(inner)
    const folder = name.replaceAll(' ', '-')
    const code = await printed(folder, files)
    const whole = await PrintedFile.parse(code, false, { parseAst, parseAstAsync })
    const parse = vi.fn(parseAstAsync)
    const parts = await PrintedFile.parse(code, true, { parseAst, parseAstAsync: parse })
    expect(parse).toHaveBeenCalledOnce()
    for (const file of Object.keys(files)) {
      const id = join(root, folder, file)
      const path = `${folder}/${file}`
      expect(parts.module(id, path, 'x.js')).toEqual(whole.module(id, path, 'x.js'))
      expect(whole.module(id, path, 'x.js').kind).not.toBe('opaque')
      expect(parts.hasStars(id)).toBe(whole.hasStars(id))
    }
    for (const file of [whole, parts])
      file.withoutRun(file.module(join(root, folder, 'entry.js'), `${folder}/entry.js`, 'x.js'))
    expect(String(whole)).not.toContain('\ninit_entry();')
    expect(String(parts)).toBe(String(whole))
  })
})

test('what a module does is not parsed', async () => {
  const code = await printed('bodies', sources('"a body"'))
  expect(code.split('a body')).toHaveLength(5)
  const skeleton = skeletonOf(code) ?? expect.fail('there is none')
  expect(skeleton).toHaveLength(code.length)
  expect(skeleton).not.toContain('a body')
})

test('what esbuild prints wrong is not taken for right', async () => {
  const code = await printed('wrong', { 'entry.js': "export * from 'outside'\n" })
  expect(code).toContain('export * from "outside";')
  await expect(PrintedFile.parse(code, true, { parseAst, parseAstAsync })).rejects.toThrow('export')
})

test('a file that is not printed as expected is parsed whole', async () => {
  const code = await printed('otherwise', sources('42'))
  for (const other of [
    code.replace('var init_one = ', 'let init_one = '),
    code.replace(new RegExp(`${MARK}\\("([^"]*)"`), `${MARK}('$1'`),
  ]) {
    expect(other).not.toBe(code)
    expect(skeletonOf(other)).toBeUndefined()
  }
})
