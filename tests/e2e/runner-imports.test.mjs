// A runner imports one file after the other. While it evaluates an optimized file, what that imports is transformed.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { appsFolder } from './lib/paths.mjs'
import { createSsrServer } from './lib/ssr-server.mjs'
import { until } from './lib/waiting.mjs'

test('of an optimized file that a runner fetches, all that it imports is transformed', async () => {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-runner-'))
  const importer = path.join(root, 'entry.js')
  const vite = await createSsrServer(root, evenkeel({ log: 'silent', foresee: false }), { include: ['react', 'react-dom/server'] })
  const { ssr } = vite.environments
  const moduleOf = async (dep) => ssr.moduleGraph.getModuleById((await ssr.pluginContainer.resolveId(dep, importer)).id)
  try {
    const entry = await ssr.pluginContainer.resolveId('react-dom/server', importer)
    // A runner that fetches this, and nothing else.
    await ssr.fetchModule(entry.id, importer)
    const fetched = await moduleOf('react-dom/server')
    await until('the files of react-dom are transformed', () => {
      const imported = importsOf(fetched)
      return imported.size > 2 && [...imported].every(({ transformResult }) => transformResult)
    })
    assert.ok(!(await moduleOf('react'))?.transformResult, 'nobody has asked for the entry of react')
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
