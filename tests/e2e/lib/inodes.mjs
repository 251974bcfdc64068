import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** The inodes of a folder's scripts, by file: a link has that of what it links to. */
export async function inodesIn(folder) {
  const scripts = (await readdir(folder)).filter((file) => file.endsWith('.js'))
  const inodeOf = async (file) => [file, (await stat(path.join(folder, file))).ino]
  return Object.fromEntries(await Promise.all(scripts.map(inodeOf)))
}

/** The files that have been written once more since. */
export async function rewrittenIn(folder, before) {
  const now = await inodesIn(folder)
  return Object.keys(before).filter((file) => now[file] !== before[file])
}
