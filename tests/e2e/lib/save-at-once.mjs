import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Saves a file of an app by moving it over the old one, as many editors do: one that is written in place may be seen while it is empty.
 * It is written beside the app's folder, which Vite watches.
 */
export async function saveAtOnce(root, file, text) {
  const written = `${root}.saved`
  await writeFile(written, text)
  await rename(written, path.join(root, file))
}
