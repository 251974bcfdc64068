// A runner imports one file after the other. While it evaluates an optimized file, what that imports is transformed.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { createServer } from '../node_modules/vite/dist/node/index.js'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { appsFolder } from './lib/paths.mjs'
import { until } from './lib/waiting.mjs'

test('of an optimized file that a runner fetches, all that it imports is transformed', async () => {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-runner-'))
  await writeFile(path.join(root, 'late.js'), "export { default } from 'late'\n")
  const vite = await createServer({
    configFile: false,
    root,
    cacheDir: path.join(root, '.vite'),
    logLevel: 'silent',
    appType: 'custom',
    server: { middlewareMode: true, ws: false },
    resolve: { noExternal: true },
    environments: { ssr: { optimizeDeps: { noDiscovery: false, include: ['react', 'react-dom/server'] } } },
    plugins: [evenkeel({ log: 'silent', foresee: false })],
  })
  const { ssr } = vite.environments
  try {
    const entry = await ssr.pluginContainer.resolveId('react-dom/server', path.join(root, 'late.js'))
    // A runner that fetches this, and nothing else.
    await ssr.fetchModule(entry.id, path.join(root, 'late.js'))
    const fetched = await ssr.moduleGraph.getModuleById(entry.id)
    const react = await ssr.pluginContainer.resolveId('react', path.join(root, 'late.js'))
    await until('the files of react-dom are transformed', () => {
      const imported = importsOf(fetched)
      return imported.size > 2 && [...imported].every(({ transformResult }) => transformResult)
    })
    assert.equal(ssr.moduleGraph.getModuleById(react.id)?.transformResult ?? null, null, 'nobody has asked for the entry of react')
  } finally {
    await vite.close()
    await rm(root, { recursive: true, force: true })
  }
})

/** A module and all that it imports, whatever that imports, but for what Vite does not serve. */
function importsOf(module, found = new Set()) {
  if (found.has(module) || module.file === null || !module.id.includes('/.vite/')) return found
  found.add(module)
  for (const imported of module.importedModules) importsOf(imported, found)
  return found
}
