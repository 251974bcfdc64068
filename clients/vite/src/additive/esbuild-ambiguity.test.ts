import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { afterAll, expect, test } from 'vitest'
import { TELLS_AMBIGUITY, leftOut } from './esbuild-ambiguity.js'
import { marked, unmarkedMap } from './esbuild-extraction.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-ambiguity-')))
afterAll(() => rmSync(root, { recursive: true }))

/** A module, and one that re-exports what it exports: their stubs. */
const stubs: Record<string, string> = {
  'one.js': "export { e$one as one } from './layer.js'",
  'again.js': "export { e$one as one, e$other as other } from './layer.js'",
}

/** What esbuild prints of an index that re-exports a stub and another module as a whole, and what it has left out of it. */
async function bundled(another: string, index: string) {
  writeFileSync(join(root, 'another.js'), another)
  writeFileSync(join(root, 'index.js'), index)
  for (const stub of Object.keys(stubs)) writeFileSync(join(root, stub), 'not to be read')
  const { outputFiles, warnings } = await build({
    entryPoints: [join(root, 'index.js')],
    bundle: true,
    write: false,
    format: 'esm',
    external: ['./layer.js'],
    absWorkingDir: root,
    logLevel: 'silent',
    logOverride: TELLS_AMBIGUITY,
    plugins: [
      {
        name: 'test:stubs',
        setup: ({ onLoad }) =>
          onLoad({ filter: /(?:one|again)\.js$/ }, ({ path }) => ({
            contents: stubs[path.slice(root.length + 1)] ?? '',
          })),
      },
    ],
  })
  const written = new Set(Object.keys(stubs).map((stub) => join(root, stub)))
  return { code: outputFiles[0]?.text ?? '', left: leftOut(warnings, { root, written }, { parseAst, parseAstAsync }) }
}

const INDEX = "export * from './again.js'\nexport * from './another.js'\n"

test.for([
  ['is re-exported by another name', "export { one as first } from './one.js'\n", []],
  ['is re-exported', "export { one } from './one.js'\n", ['one']],
  ['is imported and exported', "import { one as first } from './one.js'\nexport { first as one }\n", ['one']],
  ['is re-exported as a whole', "export * from './one.js'\n", ['one']],
  ['is another one', 'export const one = 1\n', []],
  ['is another one that is exported later', 'const one = 1\nexport { one }\n', []],
] as const)('what %s, and is in a stub, too', async ([, another, expected]) => {
  const { left } = await bundled(another, INDEX)
  const names = [...(left.get(join(root, 'index.js'))?.keys() ?? [])]
  expect(names).toEqual(expected)
})

test('what was left out is there once the module re-exports it by name, and its source map does not show that', async () => {
  const another = "export { one } from './one.js'\n"
  const { code, left } = await bundled(another, INDEX)
  expect(code).not.toMatch(/as one\b/)
  const again = marked(INDEX, 'index.js', './index.js', false, left.get(join(root, 'index.js')))
  expect((await bundled(another, again)).code).toMatch(/as one\b/)
  expect(JSON.parse(unmarkedMap(JSON.stringify({ sourcesContent: [again] })))).toEqual({ sourcesContent: [INDEX] })
})
