import type { DevEnvironment, EnvironmentModuleNode } from 'vite'
import { expect, test } from 'vitest'
import { loadedEntry } from './loaded-entries.js'

const CORE = '/app/node_modules/core/index.js'

/** Modules by their URLs, each with the URLs of those that import it. A stylesheet has them watched, and imports none. */
function environment(importers: Record<string, readonly string[]>): DevEnvironment {
  const modules = new Map(Object.keys(importers).map((url) => [url, moduleOf(url)]))
  for (const [url, urls] of Object.entries(importers)) {
    for (const importer of urls.map((name) => modules.get(name) as ReturnType<typeof moduleOf>)) {
      const module = modules.get(url) as EnvironmentModuleNode
      module.importers.add(importer)
      importer.importedModules.add(module)
      if (!importer.url.endsWith('.css')) importer.staticImportedUrls.add(url)
    }
  }
  const byFile = (file: string) =>
    new Set([...modules].flatMap(([url, module]) => (url.startsWith(file) ? module : [])))
  return { moduleGraph: { getModulesByFile: byFile } } as unknown as DevEnvironment
}

function moduleOf(url: string): EnvironmentModuleNode & { staticImportedUrls: Set<string> } {
  const imports = { importers: new Set(), importedModules: new Set(), staticImportedUrls: new Set() }
  return { url, ...imports } as unknown as ReturnType<typeof moduleOf>
}

const program = { '/main.js': [], '/app/node_modules/ui/index.js?v=1': ['/main.js'] }

test.for([
  ['by an excluded package of the program', { [`${CORE}?v=1`]: ['/app/node_modules/ui/index.js?v=1'] }, true],
  ['by modules that import each other alone', { [CORE]: ['/circle.js'], '/circle.js': [CORE] }, false],
  [
    'by a worker',
    { [`${CORE}?v=1`]: ['/worker.js?worker_file&type=module'], '/worker.js?worker_file&type=module': ['/main.js'] },
    false,
  ],
  ['by nobody: it is watched for a stylesheet', { [CORE]: ['/style.css'], '/style.css': ['/main.js'] }, false],
  ['as text', { [`${CORE}?raw`]: ['/main.js'] }, false],
  ['by nobody any more', { [`${CORE}?v=1`]: [] }, false],
] as const)('the module of a new entry was loaded %s', ([, modules, isLoaded]) => {
  const doubt = loadedEntry(environment({ ...program, ...modules }), [CORE], () => true)
  expect(doubt?.reason).toBe(isLoaded ? 'loadedUnoptimized' : undefined)
})

test('a module that Rolldown calls by a Windows path is the one that Vite calls by a path with slashes', () => {
  const core = 'C:/app/node_modules/core/index.js'
  const loaded = environment({ ...program, [`${core}?v=1`]: ['/main.js'] })
  const source = core.replaceAll('/', '\\')
  expect(loadedEntry(loaded, [source], (src) => src === source)?.reason).toBe('loadedUnoptimized')
})

test('one that shares no module with what is bundled is added: no reload would come of it without layers', () => {
  const loaded = environment({ ...program, [`${CORE}?v=1`]: ['/main.js'] })
  expect(loadedEntry(loaded, [CORE], () => false)).toBeUndefined()
})
