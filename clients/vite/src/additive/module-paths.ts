import { realpathSync } from 'node:fs'
import { packageOf, withSlashes } from './packages.js'

/** The name of a file, if nobody can take a part of it for a query. */
const FILE_NAME = /(?<=[\\/])[\w.$@+-]+$/

/** Which modules can be imported by a path: that is resolved without calling a hook. */
export class ModulePaths {
  readonly #realFolders = new Map<string, boolean>()

  leadTo(id: string): boolean {
    const folder = packageOf(id)?.folder
    return folder !== undefined && FILE_NAME.test(id) && this.#isReal(folder)
  }

  /** Whether a folder is where its path says: an import in a linked one leads elsewhere. */
  #isReal(folder: string): boolean {
    const known = this.#realFolders.get(folder)
    if (known !== undefined) return known
    const isReal = realPathOf(folder) === folder
    this.#realFolders.set(folder, isReal)
    return isReal
  }
}

/** How a module that can be imported by a path imports itself. */
export function selfImport(id: string): string {
  return `./${FILE_NAME.exec(id)?.[0]}`
}

/** Whether the path by which a module imports itself has led to another one, as a plugin may have it. */
export function leadsElsewhere(path: string, imports: ReadonlyArray<{ path: string; original?: string }>): boolean {
  return imports.some((imported) => imported.original === selfImport(path) && imported.path !== path)
}

/** `undefined` where nothing is on disk: for a package in an archive, for one. */
function realPathOf(folder: string): string | undefined {
  try {
    return withSlashes(realpathSync.native(folder))
  } catch {
    return undefined
  }
}
