// Publishes the npm packages of a folder: `node publish.mjs FOLDER [ARGUMENT ...]`; the arguments are npm's, `--dry-run` for one.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

const [folder, ...options] = process.argv.slice(2)
const shell = process.platform === 'win32'
const npm = (args, stdio) => execFileSync('npm', args, { encoding: 'utf8', shell, stdio })
const packages = readdirSync(folder)
  .filter((name) => name.endsWith('.tgz'))
  .map((name) => packageOf(path.join(folder, name)))
if (packages.length === 0) throw new Error(`there are no packages in ${folder}: run \`cargo xtask package\``)

// The plugin is the last: whoever can install it finds what it depends on.
const isPlugin = ({ name }) => name === 'evenkeel'
for (const { file, name, version } of [...packages.filter((one) => !isPlugin(one)), ...packages.filter(isPlugin)]) {
  try {
    npm(['publish', path.resolve(file), '--access', 'public', ...options], 'inherit')
  } catch (error) {
    // A release that was cut off goes on where it stopped.
    if (!isPublished(`${name}@${version}`)) throw error
    console.log(`${name}@${version} is published already`)
  }
}

function packageOf(file) {
  const { name, version } = JSON.parse(
    execFileSync('tar', ['-xOzf', file, 'package/package.json'], { encoding: 'utf8' }),
  )
  return { file, name, version }
}

function isPublished(exact) {
  const registry = options.filter((option) => option.startsWith('--registry='))
  try {
    return npm(['view', exact, 'version', ...registry], ['ignore', 'pipe', 'ignore']).trim() !== ''
  } catch {
    return false
  }
}
