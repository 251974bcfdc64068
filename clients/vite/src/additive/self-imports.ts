import { realpathSync } from 'node:fs'
import { packageOf, withSlashes } from './packages.js'

/** Stands for the module that imports it. A hook resolves it. */
export const SELF = 'evenkeel:self'

/** The name of a file, if nobody can take a part of it for a query. */
const FILE_NAME = /(?<=[\\/])[\w.$@+-]+$/

/** How modules import themselves: by a path where they can, because that is resolved without calling a hook. */
export class SelfImports {
  readonly #realFolders = new Map<string, boolean>()

  specifierOf(id: string): string {
    const [name] = FILE_NAME.exec(id) ?? []
    const folder = packageOf(id)?.folder
    return folder && name && this.#isReal(folder) ? `./${name}` : SELF
  }

  /** Whether a folder is where its path says: a relative import in a linked one leads elsewhere. */
  #isReal(folder: string): boolean {
    const known = this.#realFolders.get(folder)
    if (known !== undefined) return known
    const isReal = realPathOf(folder) === folder
    this.#realFolders.set(folder, isReal)
    return isReal
  }
}

/** Whether the path by which a module imports itself has led to another one, as a plugin may have it. */
export function leadsElsewhere(path: string, imports: ReadonlyArray<{ path: string; original?: string }>): boolean {
  const [name] = FILE_NAME.exec(path) ?? []
  return imports.some((imported) => imported.original === `./${name}` && imported.path !== path)
}

/** `undefined` where nothing is on disk: for a package in an archive, for one. */
function realPathOf(folder: string): string | undefined {
  try {
    return withSlashes(realpathSync.native(folder))
  } catch {
    return undefined
  }
}
