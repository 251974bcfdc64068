import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** What to do where Vite's cache cannot be written: Vite itself only fails, at each run of its optimizer. */
export function whyNotWritable(cacheDir: string): string | undefined {
  const nearest = existingOf(cacheDir)
  try {
    accessSync(nearest, constants.W_OK)
    return undefined
  } catch {
    return `Vite cannot write its cache, because ${nearest} may not be written: set \`cacheDir\` in the Vite config to a folder that may be.`
  }
}

/** A folder that is not there yet is made in one that is. */
function existingOf(folder: string): string {
  const above = dirname(folder)
  return existsSync(folder) || above === folder ? folder : existingOf(above)
}
