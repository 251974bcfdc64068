import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Plugin, type ViteDevServer, createServer, optimizeDeps, resolveConfig } from 'vite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AdditiveOptimizer } from './additive.js'

const says = (name: string) => `import { version } from 'core'\nexport const says = '${name} with core ' + version\n`
const packages = {
  core: "globalThis.cores = (globalThis.cores ?? 0) + 1\nexport const version = '1'\n",
  first: says('first'),
  second: says('second'),
  third: says('third'),
}

/** An app that imports its first package from the beginning, and the others late. */
function newApp(): { root: string; deps: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-additive-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const write = (file: string, content: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), content)
  }
  write('package.json', '{ "type": "module" }')
  write('index.html', '<script type="module" src="/first.js"></script>')
  for (const [name, code] of Object.entries(packages)) {
    write(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', type: 'module', main: 'index.js' }),
    )
    write(`node_modules/${name}/index.js`, code)
    write(`${name}.js`, `export * from '${name}'\n`)
  }
  return { root, deps: join(root, 'node_modules/.vite/deps') }
}

/** What is made of the cache of an app before Vite reads it, and of what runs do. */
interface Adding {
  plugin: Plugin
  isTaken?: boolean
  fallbacks: string[]
}

function adding(deps: string): Adding {
  const optimizer = new AdditiveOptimizer()
  const result: Adding = {
    fallbacks: [],
    plugin: {
      name: 'test:adding',
      configEnvironment: () => ({ optimizeDeps: { rolldownOptions: { plugins: [optimizer.rolldown] } } }),
      configureServer({ environments }) {
        optimizer.attach(environments.client)?.onFallback(({ reason }) => result.fallbacks.push(reason))
        result.isTaken = existsSync(join(deps, '_metadata.json'))
      },
    },
  }
  return result
}

const config = (root: string, plugin: Plugin) => ({
  root,
  configFile: false as const,
  logLevel: 'silent' as const,
  plugins: [plugin],
})

async function start(root: string, plugin: Plugin): Promise<ViteDevServer> {
  const server = await createServer({ ...config(root, plugin), server: { middlewareMode: true, ws: false } })
  onTestFinished(() => server.close())
  return server
}

/** Has a module transformed, until what it imports is bundled. */
async function meet({ environments: { client } }: ViteDevServer, name: string): Promise<void> {
  await client.transformRequest(`/${name}.js`)
  await vi.waitFor(() => expect(client.depsOptimizer?.metadata.optimized).toHaveProperty(name), 10_000)
}

test('a cache that Vite has written without layers is served, and the first late dependency reloads once', async () => {
  const { root, deps } = newApp()
  await optimizeDeps(await resolveConfig(config(root, adding(deps).plugin), 'serve'))
  const its = adding(deps)
  const server = await start(root, its.plugin)
  const { client } = server.environments
  expect(Object.keys(client.depsOptimizer?.metadata.optimized ?? {})).toEqual(['first'])
  const send = vi.spyOn(client.hot, 'send')
  await meet(server, 'second')
  await meet(server, 'third')
  expect(send.mock.calls.flat().map(({ type }: { type: string }) => type)).toEqual(['full-reload'])
  expect(its.fallbacks).toEqual(['manifestMissing'])
  const late = ['first', 'second', 'third']
  const all = await Promise.all(late.map((name) => import(pathToFileURL(join(deps, `${name}.js`)).href)))
  expect(all.map(({ says }) => says)).toEqual(late.map((name) => `${name} with core 1`))
  expect(globalThis).toHaveProperty('cores', 1)
})

/** What happens to a cache with layers, and whether Vite is to read it. */
const caches: Array<[what: string, happens: (deps: string) => void, isTaken: boolean]> = [
  ['is as it was written is taken', () => undefined, true],
  ['has lost its manifest is not', (deps) => rmSync(join(deps, '_evenkeel.json')), false],
  ['has half of its manifest is not', (deps) => truncateSync(join(deps, '_evenkeel.json'), 40), false],
  ['has lost the description of its layer is not', (deps) => rmSync(join(deps, '_evenkeel-L1.json')), false],
  ['has another file is not', (deps) => writeFileSync(join(deps, 'first.js'), ''), false],
]

test.for(caches)('a cache with layers that %s', async ([, happens, isTaken]) => {
  const { root, deps } = newApp()
  const before = await start(root, adding(deps).plugin)
  await meet(before, 'first')
  await before.close()
  happens(deps)
  const now = adding(deps)
  await start(root, now.plugin)
  expect(now.isTaken).toBe(isTaken)
})

test.for([
  ['minify', { minify: true }],
  ['preserveModules', { preserveModules: true }],
  ['strictExecutionOrder', { strictExecutionOrder: true }],
] as const)('with output.%s, runs do not add', async ([, output]) => {
  const { root } = newApp()
  const optimizer = new AdditiveOptimizer()
  let isAdding: boolean | undefined
  await start(root, {
    name: 'test:output',
    configEnvironment: () => ({ optimizeDeps: { rolldownOptions: { plugins: [optimizer.rolldown], output } } }),
    configureServer: ({ environments: { client } }) => {
      isAdding = optimizer.attach(client) !== undefined
    },
  })
  expect(isAdding).toBe(false)
})
