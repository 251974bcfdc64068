import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { leadsElsewhere } from './self-imports.js'

const files: Record<string, string> = {
  '/a/index.js': "import './other.js'\nimport * as self from './index.js'\nconsole.log(self)",
  '/a/other.js': "import './index.js'",
}

test.for([
  ['to itself', (path: string) => `/a/${path.slice(2)}`, false],
  ['to another module, because a plugin has it so', () => '/a/other.js', true],
] as const)('the path by which a module imports itself leads %s', async ([, resolve, expected]) => {
  const { metafile } = await build({
    entryPoints: ['/a/index.js'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    absWorkingDir: '/',
    plugins: [
      {
        name: 'test:files',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /./ }, ({ path, kind }) => ({ path: kind === 'entry-point' ? path : resolve(path) }))
          onLoad({ filter: /./ }, ({ path }) => ({ contents: files[path] ?? '' }))
        },
      },
    ],
  })
  expect(leadsElsewhere('a/index.js', metafile.inputs['a/index.js']?.imports ?? [])).toBe(expected)
})
