import { existsSync } from 'node:fs'
import { isAbsolute, posix } from 'node:path'
import type { DevEnvironment, Rolldown } from 'vite'
import { withoutQuery } from '../module-ids.js'
import { aroundInvalidateAll } from '../vite-internals/modules.js'
import type { DepsOptimizer } from '../vite-internals/optimizer.js'
import { type SourceMap, makeAbsolute } from './source-maps.js'

/**
 * The borrowed files of the lending side's optimizer. Nobody saves them, and a reload of the borrowing side alone leaves them
 * as they are: to transform them anew would only keep a request waiting.
 */
export class OptimizerFiles {
  /** Where they are, by the id they are borrowed under. */
  readonly #files = new Map<string, string>()
  /** The `browserHash` at which they were borrowed: as long as it stays, Vite leaves every file as it is. */
  readonly #borrowed = new Map<string, string>()

  add(id: string, file: string, { metadata }: DepsOptimizer): void {
    this.#files.set(id, file)
    this.#borrowed.set(id, metadata.browserHash)
  }

  at(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.#files.get(id)
  }

  outliveReloads(borrower: DevEnvironment, { depsOptimizer }: DevEnvironment): void {
    this.#borrowed.clear()
    aroundInvalidateAll(borrower, () => {
      for (const [id, browserHash] of this.#borrowed) {
        if (browserHash !== depsOptimizer?.metadata.browserHash) this.#borrowed.delete(id)
      }
      const kept = [...this.#borrowed.keys()].map((id) => {
        const module = borrower.moduleGraph.getModuleById(id)
        return { module, transformResult: module?.transformResult }
      })
      return () => {
        for (const { module, transformResult } of kept) {
          if (module && transformResult) module.transformResult = transformResult
        }
      }
    })
  }
}

/** The file of a module, if it is one of the optimizer's. */
export async function optimizerFile(
  { pluginContainer, depsOptimizer }: DevEnvironment,
  id: string,
): Promise<string | undefined> {
  const resolved = await pluginContainer.resolveId(id)
  return resolved && depsOptimizer?.isOptimizedDepFile(resolved.id) ? resolved.id : undefined
}

/**
 * A file as the optimizer has written it: what else the lending side does to modules has been done to what went into it. Transformed
 * there as well, the largest modules would be transformed twice.
 */
export async function loadFile({ pluginContainer }: DevEnvironment, file: string): Promise<Rolldown.LoadResult> {
  const loaded = await pluginContainer.load(file)
  if (loaded && typeof loaded === 'object' && typeof loaded.map === 'object')
    makeAbsolute(loaded.map as SourceMap | null, file)
  return loaded
}

/** What `import.meta.env` is depends on who transforms it. */
export function isOfItsSide(loaded: Rolldown.LoadResult): boolean {
  const code = loaded && typeof loaded === 'object' ? loaded.code : loaded
  return code?.includes('import.meta.env') ?? false
}

/** What a file of the optimizer imports as Vite would write it in that file. A module has one name, whoever imports it. */
export async function resolveUrl(lender: DevEnvironment, specifier: string, importer: string): Promise<string> {
  const resolved = await lender.pluginContainer.resolveId(specifier, importer)
  const id = resolved?.id ?? specifier
  const { root } = lender.config
  if (id.startsWith(`${root}/`)) return id.slice(root.length)
  const isFile = isAbsolute(id) && (lender.depsOptimizer?.isOptimizedDepFile(id) || existsSync(withoutQuery(id)))
  return isFile ? posix.join('/@fs/', id) : id
}
