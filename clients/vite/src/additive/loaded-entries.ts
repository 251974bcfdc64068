import type { DevEnvironment, EnvironmentModuleNode } from 'vite'
import { Doubt } from './store.js'

/**
 * A new entry whose module has been loaded as it is, by a package that is not optimized: the one that is optimized would be another copy
 * of it. Once all is loaded anew, that package gets the optimized one, too.
 */
export function loadedEntry({ moduleGraph }: DevEnvironment, sources: string[]): Doubt | undefined {
  const loaded = sources.find((src) => [...(moduleGraph.getModulesByFile(src) ?? [])].some(isImported))
  if (loaded === undefined) return undefined
  return new Doubt('loadedUnoptimized', `${loaded} has been loaded by a package that is not optimized`)
}

/** Whether somebody imports the module itself, and not its text or its URL. */
function isImported({ url, importers }: EnvironmentModuleNode): boolean {
  const [, query = ''] = url.split('?')
  const isItself = [...new URLSearchParams(query).keys()].every((name) => name === 'v' || name === 't')
  return isItself && importers.size > 0
}
