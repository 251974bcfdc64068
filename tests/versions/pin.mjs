// Writes the packages of each stack as matrix.json has them, and their lockfiles: `node tests/versions/pin.mjs` after a change to it.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { folderOf, manifestOf, matrix } from './lib/stacks.mjs'

for (const stack of matrix.stacks) {
  const folder = folderOf(stack)
  mkdirSync(folder, { recursive: true })
  copyFileSync(fileURLToPath(new URL('.npmrc', import.meta.url)), path.join(folder, '.npmrc'))
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifestOf(stack), undefined, 2)}\n`)
  execFileSync('npm', ['install', '--package-lock-only', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
}
