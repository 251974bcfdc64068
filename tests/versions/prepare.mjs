// Puts Evenkeel into each stack as it is published. Not as a link: its types must be those of the stack's Vite.
import { cp, readFile, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderOf, matrix } from './lib/stacks.mjs'

const published = fileURLToPath(new URL('../../clients/vite', import.meta.url))
const { dependencies } = JSON.parse(await readFile(path.join(published, 'package.json'), 'utf8'))
const parts = ['package.json', 'dist', ...Object.keys(dependencies).map((name) => `node_modules/${name}`)]

for (const stack of matrix.stacks) {
  const folder = folderOf(stack)
  const left = (await readdir(folder)).filter((name) => name.startsWith('.tmp-'))
  for (const name of left) await rm(path.join(folder, name), { recursive: true })
  const installed = path.join(folder, 'node_modules/evenkeel')
  await rm(installed, { recursive: true, force: true })
  for (const part of parts) await cp(path.join(published, part), path.join(installed, part), { recursive: true })
}
