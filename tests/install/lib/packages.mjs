// What would be published, as files.
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { binary } from '../../e2e/lib/paths.mjs'
import { run } from './run.mjs'

const plugin = (name) => fileURLToPath(new URL(`../../../clients/vite/${name}`, import.meta.url))
const read = (name) => JSON.parse(readFileSync(plugin(name), 'utf8'))
const platforms = Object.keys(read('platforms.json'))

// The apps find what is installed in them.
delete process.env.EVENKEEL_BINARY

/** `needed` is what the plugin depends on, beside the program. */
export const { version, dependencies: needed } = read('package.json')
export const platform = `${process.platform}-${process.arch}`

/**
 * Makes what `cargo xtask package` makes, with the binary that all tests use, in a folder that it names. The packages of other
 * systems hold none: a package manager that took one for this system's could not go unnoticed.
 */
export async function pack(folder) {
  const staged = path.join(folder, 'staged')
  const packed = path.join(folder, 'packed')
  await mkdir(packed, { recursive: true })
  const nothing = path.join(folder, 'nothing')
  await writeFile(nothing, 'made for another system\n')
  const binaries = platforms.map((name) => `${name}=${name === platform ? binary : nothing}`)
  await run(process.execPath, [plugin('scripts/stage.mjs'), staged, ...binaries])
  const packages = ['evenkeel', ...platforms.map((name) => `@evenkeel/${name}`)].map((name) => path.join(staged, name))
  await run('npm', ['pack', '--loglevel=error', '--pack-destination', packed, ...packages])
  return packed
}
