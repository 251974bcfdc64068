import { type DevEnvironment, type EnvironmentModuleNode, isCSSRequest } from 'vite'
import { intercept } from './intercept.js'

type Fetch = DevEnvironment['fetchModule']
type Transform = DevEnvironment['transformRequest']

/** Every module that a runner fetches. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `DevEnvironment.fetchModule`. */
export function interceptFetches(
  environment: DevEnvironment,
  inFront: (fetch: Fetch, args: Parameters<Fetch>) => ReturnType<Fetch>,
): void {
  intercept(environment, 'fetchModule', inFront)
}

/**
 * Every module that is transformed, for whomever. Returns the method as it was, for transforms that nobody is to hear of. Up to
 * Vite 7.3.1 and 8.0.4 a second argument, which its types do not tell of, says which files a browser may read. Read in Vite 6.4.6,
 * 7.3.0, 7.3.8, 8.0.4, 8.0.16, 8.3.8 and 8.4.0: `DevEnvironment.transformRequest`, `transformMiddleware`.
 */
export function interceptTransforms(
  environment: DevEnvironment,
  inFront: (transform: Transform, args: Parameters<Transform>) => ReturnType<Transform>,
): Transform {
  return intercept(environment, 'transformRequest', inFront)
}

/**
 * Every time that an environment forgets its modules, as it does before it reloads. `prepare` is called before, and what it returns
 * after. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `EnvironmentModuleGraph.invalidateAll`.
 */
export function aroundInvalidateAll({ moduleGraph }: DevEnvironment, prepare: () => () => void): void {
  intercept(moduleGraph, 'invalidateAll', (invalidateAll, args) => {
    const restore = prepare()
    invalidateAll(...args)
    restore()
  })
}

/**
 * The URLs that a page's module imports, statically or not. Vite's graph of modules has more: files that a plugin watches for a module
 * are imported by it there. Read in Vite 6.4.0, 6.4.6, 7.3.0, 7.3.8, 8.0.0, 8.0.16, 8.1.7, 8.2.6, 8.3.8 and 8.4.0:
 * `EnvironmentModuleNode.staticImportedUrls`, `importAnalysisPlugin`, `cssAnalysisPlugin`.
 */
export function importsOf({ importedModules, ...internal }: EnvironmentModuleNode): string[] {
  const { staticImportedUrls = [] } = internal as { staticImportedUrls?: Iterable<string> }
  const written = new Set([...staticImportedUrls].map(withoutImportQuery))
  return [...importedModules].flatMap(({ url }) => (written.has(url) ? url : []))
}

/**
 * The modules that a save is about: those that somebody imports, and scripts for which a plugin watches the file. The file itself is no
 * module then. Whoever transformed it would make one of it, which no page can update. Read in Vite 6.4.0, 6.4.6, 7.3.0, 7.3.8, 8.0.0,
 * 8.0.16, 8.1.7, 8.2.6, 8.3.8 and 8.4.0: `EnvironmentModuleGraph.createFileOnlyEntry`, `importAnalysisPlugin`, `cssAnalysisPlugin`.
 */
export function modulesOf(saved: EnvironmentModuleNode[]): EnvironmentModuleNode[] {
  const modules = saved.flatMap((module) => {
    if (isImported(module)) return module
    return [...module.importers].filter(({ url }) => !isCSSRequest(url))
  })
  return [...new Set(modules)]
}

/** Entries are imported by no module. */
function isImported({ id, url, importers }: EnvironmentModuleNode): boolean {
  const all = [...importers]
  return id !== null && (all.length === 0 || all.some((importer) => importsOf(importer).includes(url)))
}

/** What is neither JavaScript nor a stylesheet by its name is asked for with a query of Vite's, which its modules' URLs lack. */
function withoutImportQuery(url: string): string {
  return url.replace(/([?&])import(?:&|$)/, '$1').replace(/[?&]$/, '')
}
