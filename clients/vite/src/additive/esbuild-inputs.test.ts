import type { OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, PluginBuild } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { expect, test } from 'vitest'
import { LayerInputs } from './esbuild-inputs.js'
import { leavingLoads } from './esbuild-loads.js'
import { newManifest, planLayer } from './layer-plan.js'

/** On Windows Vite has paths with slashes, and so have its entries; what is resolved for esbuild has backslashes. */
const systems = {
  Windows: { vite: 'C:/app/node_modules/react/index.js', esbuild: 'C:\\app\\node_modules\\react\\index.js' },
  Linux: { vite: '/app/node_modules/react/index.js', esbuild: '/app/node_modules/react/index.js' },
}

type Hook<Args, Result> = (args: Args) => Promise<Result | null | undefined> | Result | null | undefined

/** The hooks of a layer's inputs, called as esbuild calls them. */
function hooksOf(inputs: LayerInputs, resolved: string) {
  const resolving: Array<[RegExp, Hook<OnResolveArgs, OnResolveResult>]> = []
  const loading: Array<Hook<OnLoadArgs, OnLoadResult>> = []
  const build = {
    initialOptions: { absWorkingDir: '/app' },
    resolve: async () => ({ path: resolved }),
    onResolve: ({ filter }: { filter: RegExp }, hook: Hook<OnResolveArgs, OnResolveResult>) =>
      resolving.push([filter, hook]),
    onLoad: (_: unknown, hook: Hook<OnLoadArgs, OnLoadResult>) => loading.push(hook),
  } as unknown as PluginBuild
  inputs.setUp(build)
  leavingLoads({
    name: 'test:source',
    setup: ({ onLoad }) => onLoad({ filter: /.*/ }, () => ({ contents: 'export const one = 1', loader: 'js' })),
  }).setup(build)
  const inFile = { namespace: 'file', resolveDir: '', suffix: '', with: {}, pluginData: undefined }
  return {
    async resolve(path: string, kind: OnResolveArgs['kind'], importer = '') {
      for (const [filter, hook] of resolving) {
        const result = filter.test(path) ? await hook({ ...inFile, path, kind, importer }) : undefined
        if (result) return result
      }
      return undefined
    },
    load: async (path: string) => String((await loading[0]?.({ ...inFile, path }))?.contents),
  }
}

function inputsOf(
  known: string[],
  wanted: Record<string, string> = {},
  exports?: ConstructorParameters<typeof LayerInputs>[3],
) {
  const base = newManifest()
  for (const id of known) base.modules.set(id, { kind: 'esm', files: ['react-L1.js'], exports: [{ one: 'e$one' }] })
  return new LayerInputs(planLayer(base, wanted), true, { parseAst, parseAstAsync }, exports)
}

test.for(Object.entries(systems))('on %s, a module of an earlier layer is', async ([, { vite, esbuild }]) => {
  const { load, resolve } = hooksOf(inputsOf([vite]), esbuild)
  for (const path of [vite, esbuild]) {
    expect(await load(path), 'loaded as a stub').toContain('evenkeel:file/react-L1.js')
    expect(await resolve(vite, 'import-statement', path), 'and what its stub re-exports is where it was').toEqual({
      path: vite,
    })
  }
})

test.for(Object.entries(systems))('on %s, a new module', async ([, { vite, esbuild }]) => {
  const leftOut = new Map([[esbuild, new Map([['two', './two.js']])]])
  const inputs = inputsOf([], {}, leftOut)
  const code = await hooksOf(inputs, esbuild).load(esbuild)
  expect([...inputs.loaded.values()], 'is called as Vite calls it').toEqual([vite])
  expect(code, 'so is its mark').toContain(`(${JSON.stringify(vite)}, `)
  expect(code, 'has what was left out of it').toContain('export { two } from "./two.js";')
})

test.for(Object.entries(systems))('on %s, an entry', async ([, { vite, esbuild }]) => {
  const { resolve } = hooksOf(inputsOf([], { react: vite }), esbuild)
  expect(await resolve('react', 'entry-point'), 'is bundled from its source').toEqual({ path: vite })
  expect(await resolve('react', 'dynamic-import'), 'is imported as Vite serves it').toEqual({
    path: './react.js',
    external: true,
  })
})
