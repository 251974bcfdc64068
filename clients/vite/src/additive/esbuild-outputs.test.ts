import type { BuildOptions } from 'esbuild'
import { parseAst } from 'vite'
import { expect, test } from 'vitest'
import { bundleLayer } from './layer-esbuild.test-kit.js'
import { newApp } from './layer.test-kit.js'
import type { BundledLayer } from './layer-rolldown.js'

/** The layer as it is handed over. */
async function layerOf(files: Record<string, string>, options: BuildOptions = {}): Promise<BundledLayer> {
  const layers: BundledLayer[] = []
  const told = {
    describe(layer: BundledLayer) {
      layers.push(layer)
      return undefined as never
    },
    bundled: () => Promise.resolve(),
  }
  await bundleLayer(newApp(files), () => told, { sourcemap: true, ...options })
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
