import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type OnResolveArgs, type Plugin as EsbuildPlugin, build } from 'esbuild'
import { type Alias, type Rolldown, createServer } from 'vite'
import { afterAll, expect, test, vi } from 'vitest'
import { resolvingOnce, resolvingOnceWithEsbuild } from './dependency-imports.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-imports-')))
afterAll(() => rmSync(root, { recursive: true }))
const files = ['index.js', 'index.ts', 'other.js', 'third.js', 'inner/index.js', 'own/index.js', 'src/deep/file.js']
for (const file of [...files, 'package.json', 'inner/package.json', 'own/node_modules/b/package.json']) {
  const path = join(root, 'node_modules/a', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '{}')
}

/** Stands for Vite's plugin; the last test has the real one. */
function resolver(handler: (...args: never[]) => unknown, aliases: Alias[] = []) {
  const cleared = vi.fn()
  const plugin = { name: 'vite:dep-pre-bundle', buildEnd: cleared, resolveId: { filter: {}, handler } }
  const [once] = resolvingOnce([plugin as unknown as Rolldown.Plugin], aliases) as [typeof plugin]
  const resolve = (id: string, importer?: string, kind = 'import-statement') =>
    once.resolveId.handler.call('context' as never, ...([id, importer, { kind }] as never[]))
  return { once, resolve, cleared }
}

const inPackage = (file: string) => join(root, 'node_modules/a', file)

test.for([
  ['once for modules of one package', ['b', 'index.js'], ['b', 'src/deep/file.js'], 1],
  ['for each import', ['b', 'index.js'], ['c', 'index.js'], 2],
  ['for each kind of import', ['b', 'index.js'], ['b', 'index.js', 'require-call'], 2],
  ['for each kind of file', ['b', 'index.js'], ['b', 'index.ts'], 2],
  ['anew below another package.json', ['b', 'index.js'], ['b', 'inner/index.js'], 2],
  ['anew below other packages', ['b', 'index.js'], ['b', 'own/index.js'], 2],
  ['each time for what is not on disk', ['b', 'made-up.js'], ['b', 'made-up.js'], 2],
  ['anew for what is not on disk', ['b', 'index.js'], ['b', 'made-up.js'], 2],
  ['each time for what has no path', ['b', '\0virtual'], ['b', '\0virtual'], 2],
  ['each time for what has a query', ['b', 'index.js?raw'], ['b', 'index.js?raw'], 2],
  ['each time for an alias', ['aliased/b', 'index.js'], ['aliased/b', 'index.js'], 2],
  ['each time for an alias with an expression', ['x-b', 'index.js'], ['x-b', 'index.js'], 2],
] as const)('Vite is asked %s', async ([, first, second, times]) => {
  const handler = vi.fn((id: string) => Promise.resolve({ id }))
  const { resolve } = resolver(handler, [
    { find: 'aliased', replacement: './b' },
    { find: /^x-/g, replacement: './' },
  ])
  for (const [id, file, kind] of [first, second])
    expect(await resolve(id, file.startsWith('\0') ? file : inPackage(file), kind)).toEqual({ id })
  expect(handler).toHaveBeenCalledTimes(times)
})

test('entries are resolved each time, with all that Vite is given', () => {
  const handler = vi.fn(function (this: unknown, ...args: unknown[]) {
    return [this, ...args]
  })
  const { resolve } = resolver(handler)
  const options = { kind: 'import-statement' }
  for (const _ of [1, 2]) expect(resolve('b')).toEqual(['context', 'b', undefined, options])
  expect(handler).toHaveBeenCalledTimes(2)
})

test('what is asked for at the same time is resolved once, and nothing found is remembered too', async () => {
  const handler = vi.fn(() => Promise.resolve(undefined))
  const { resolve } = resolver(handler)
  await Promise.all([resolve('b', inPackage('index.js')), resolve('b', inPackage('other.js'))])
  expect(resolve('b', inPackage('third.js'))).toBeUndefined()
  expect(handler).toHaveBeenCalledTimes(1)
})

test('an error is not remembered', async () => {
  const handler = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue('found')
  const { resolve } = resolver(handler)
  await expect(resolve('b', inPackage('index.js'))).rejects.toThrow('no')
  expect(await resolve('b', inPackage('index.js'))).toBe('found')
})

test('all is forgotten when the build ends', async () => {
  const handler = vi.fn(() => Promise.resolve('found'))
  const { resolve, once, cleared } = resolver(handler)
  await resolve('b', inPackage('index.js'))
  once.buildEnd('argument')
  expect(cleared).toHaveBeenCalledExactlyOnceWith('argument')
  await resolve('b', inPackage('index.js'))
  expect(handler).toHaveBeenCalledTimes(2)
})

test('the Vite that is installed has the plugin, and others are left as they are', async () => {
  let plugins: Rolldown.Plugin[] = []
  const taking: Rolldown.Plugin = {
    name: 'taking',
    options: (options) => {
      plugins = (options.plugins as Rolldown.Plugin[][]).flat(2) as Rolldown.Plugin[]
    },
  }
  writeFileSync(join(root, 'node_modules/a/package.json'), '{ "name": "a", "version": "1.0.0", "main": "index.js" }')
  writeFileSync(join(root, 'node_modules/a/index.js'), 'export const a = 1')
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, ws: false },
    optimizeDeps: { include: ['a'], rolldownOptions: { plugins: [taking] } },
  })
  const { depsOptimizer } = server.environments.client
  await depsOptimizer?.init()
  // Until then Vite writes into the folder that is removed afterwards.
  const committed = () => expect(depsOptimizer?.metadata.optimized).toHaveProperty('a')
  await vi.waitFor(committed, { timeout: 20_000 })
  await server.close()
  const changed = (resolvingOnce(plugins, []) as Rolldown.Plugin[]).filter((plugin, at) => plugin !== plugins[at])
  expect(changed.map(({ name }) => name)).toEqual(['vite:dep-pre-bundle'])
}, 30_000)

test('with esbuild Vite is asked once for what a package imports, and each time for what is relative, until the build ends', async () => {
  const folder = join(root, 'node_modules/with-esbuild')
  const code = "import 'b'\nimport './style.css'\n"
  for (const [file, content] of Object.entries({
    'index.js': `import './lib/other.js'\n${code}import('b')\n`,
    'lib/other.js': code,
    'package.json': '{}',
  })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), content)
  }
  const asked = vi.fn(({ path }: OnResolveArgs) => ({ path, external: true }))
  const plugin: EsbuildPlugin = {
    name: 'vite:dep-pre-bundle',
    setup: ({ onResolve }) => onResolve({ filter: /^b$|\.css$/ }, asked),
  }
  const entryPoints = [join(folder, 'index.js')]
  const importsAsked = async (plugins: EsbuildPlugin[]) => {
    asked.mockClear()
    const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'esm', plugins })
    return { printed: outputFiles.map(({ text }) => text), imports: asked.mock.calls.map(([{ path }]) => path).sort() }
  }
  const alone = await importsAsked([plugin])
  expect(alone.imports).toEqual(['./style.css', './style.css', 'b', 'b', 'b'])
  const once = resolvingOnceWithEsbuild(plugin, [])
  for (const _ of [1, 2])
    expect(await importsAsked([once])).toEqual({ ...alone, imports: ['./style.css', './style.css', 'b', 'b'] })
  expect(await importsAsked([resolvingOnceWithEsbuild({ ...plugin, name: 'another' }, [])])).toEqual(alone)
})
