import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import type { Run } from './additive.js'
import { layerPlugin } from './layer-esbuild.js'
import { newManifest, planLayer } from './layer-plan.js'
import type { BundledLayer } from './layer-rolldown.js'

/** The first layer of a build, such as Vite's, whose entry is `one.js`. */
async function layerOf(files: Record<string, string>, options: BuildOptions = {}): Promise<BundledLayer> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-outputs-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, code] of Object.entries(files)) writeFileSync(join(root, name), code)
  const outdir = join(root, 'deps')
  mkdirSync(outdir)
  const entries = { one: join(root, 'one.js') }
  const layers: BundledLayer[] = []
  const run: Run = {
    plan: planLayer(newManifest(), entries),
    describe(layer) {
      layers.push(layer)
      return undefined as never
    },
    bundled: () => Promise.resolve(),
    failed: (error) => expect.fail(error.message),
  }
  const environment = { sources: () => entries, begin: () => run, aliases: [] }
  await build({
    entryPoints: ['one'],
    outdir,
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    splitting: true,
    metafile: true,
    sourcemap: true,
    logLevel: 'silent',
    ...options,
    plugins: [layerPlugin(() => environment, { parseAst, parseAstAsync })],
  })
  return layers[0] ?? expect.fail('there is no layer')
}

const COMMENT = '//# sourceMappingURL='
const sources = {
  'a module': 'export const print = () => 1\n',
  'one that prints such a comment itself': `export const print = (map) => \`\n${COMMENT}\${map}\n\``,
}

test.for([
  ['linked', true, true],
  ['linked and inline', 'both', true],
  ['external', 'external', false],
] as const)('a file refers to its source map, if that is %s', async ([, sourcemap, isReferred]) => {
  for (const [what, source] of Object.entries(sources)) {
    const { files } = await layerOf({ 'one.js': source }, { sourcemap })
    const [file = '', map = '', ...others] = [...files.keys()].toSorted()
    expect([map, others], what).toEqual([`${file}.map`, []])
    const code = String(files.get(file))
    expect(() => parseAst(code), what).not.toThrow()
    const comments = code.split('\n').filter((line) => line.startsWith(COMMENT) && !line.endsWith('${map}'))
    expect(comments, what).toEqual(isReferred ? [COMMENT + map] : [])
    expect(code.includes('${map}'), what).toBe(source.includes('${map}'))
  }
})

test('an entry whose exports the printed file alone tells exports names that are strings', async () => {
  const { entries } = await layerOf({
    'one.js': "export * from './two.js'\nconst one = 1\nexport { one, one as 'module.exports' }\n",
    'two.js': 'exports.two = 2\n',
  })
  const { code = '', exports } = entries.get('one') ?? {}
  expect(exports).toEqual(['module.exports', 'one'])
  expect(() => parseAst(code)).not.toThrow()
  expect(code).toContain('"module.exports"')
})
