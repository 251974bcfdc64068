import type { DevEnvironment, EnvironmentModuleNode } from 'vite'
import { importsOf } from '../vite-internals/modules.js'
import { normalizePath } from './packages.js'
import { Doubt } from './store.js'

/**
 * A new entry whose module already runs as it is, because a package that is not optimized imports it. The optimized module would be
 * another copy. Without layers, Vite reloads where the entry shares modules with what is bundled, and the package gets the
 * optimized one, too.
 */
export function loadedEntry(
  { moduleGraph }: DevEnvironment,
  sources: string[],
  sharesModules: (src: string) => boolean,
): Doubt | undefined {
  const isLoaded = (src: string) => [...(moduleGraph.getModulesByFile(normalizePath(src)) ?? [])].some(runs)
  const loaded = sources.find((src) => isLoaded(src) && sharesModules(src))
  if (loaded === undefined) return undefined
  return new Doubt('loadedUnoptimized', loaded)
}

/** Whether an entry of the program leads to the module. A worker beside it has copies of its own. */
function runs(module: EnvironmentModuleNode): boolean {
  const met = new Set(isItself(module) ? importersOf(module) : [])
  for (const importer of met) {
    if (isWorker(importer)) continue
    if (importer.importers.size === 0) return true
    for (const next of importersOf(importer)) met.add(next)
  }
  return false
}

/** Without those for which it is only watched, as Tailwind has the files of a package watched for a stylesheet. */
function importersOf(module: EnvironmentModuleNode): EnvironmentModuleNode[] {
  return [...module.importers].filter((importer) => importsOf(importer).includes(module.url))
}

/** Whether a module is not the text or the URL of its file. */
function isItself({ url }: EnvironmentModuleNode): boolean {
  return queryOf(url).every((name) => name === 'v' || name === 't')
}

function isWorker({ url }: EnvironmentModuleNode): boolean {
  return queryOf(url).includes('worker_file')
}

function queryOf(url: string): string[] {
  const [, query = ''] = url.split('?')
  return [...new URLSearchParams(query).keys()]
}
