import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Writes a file, and makes its folder first. */
export async function write(file, content) {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
}
