// The combinations of versions that Evenkeel is tested with: matrix.json says which, this finds them on the disk.
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as checkout from '../../e2e/lib/paths.mjs'

// The Evenkeel of a stack is a copy, which does not find the checkout's build by itself.
process.env.EVENKEEL_BINARY = checkout.binary

const folder = fileURLToPath(new URL('../', import.meta.url))

export const matrix = JSON.parse(readFileSync(path.join(folder, 'matrix.json'), 'utf8'))

export const folderOf = ({ name }) => path.join(folder, 'stacks', name)

/** Of the same name for all platforms, but packaged for one: elsewhere a stack runs on the Node of the tests alone. */
export function nodeOf(major) {
  const packaged = path.join(folder, `node_modules/node-${major}/bin/node`)
  if (existsSync(packaged)) return packaged
  return process.versions.node.startsWith(`${major}.`) ? process.execPath : undefined
}

/** Every stack, once for each Node that it is tested on. */
export const runs = matrix.stacks.flatMap((stack) => stack.node.map((major) => ({ ...stack, major, title: `${titleOf(stack)}, Node ${major}` })))

export const newestNode = ({ node }) => Math.max(...node)

/** Each Vite once, for what depends on no other package. */
export const onePerVite = [...new Map(matrix.stacks.toReversed().map((stack) => [stack.vite, stack])).values()]
  .toReversed()
  .map((stack) => ({ ...stack, major: newestNode(stack) }))

function titleOf({ vite, cloudflare }) {
  return `Vite ${vite}${cloudflare ? `, Cloudflare ${cloudflare}` : ''}`
}

/**
 * Makes a stack ready for `startApp` by copies of the fixtures that find its packages. `remove` it in the end.
 */
export async function openStack(stack) {
  const stackFolder = folderOf(stack)
  const appsFolder = await mkdtemp(path.join(stackFolder, '.tmp-apps-'))
  await copyFolders(checkout.appsFolder, appsFolder, ['pages', 'routes', 'setup', 'worker', 'tsconfig.json'])
  await copyFolders(folder, appsFolder, ['plain', 'late'])
  return {
    appsFolder,
    viteBin: path.join(stackFolder, 'node_modules/vite/bin/vite.js'),
    nodeBin: nodeOf(stack.major),
    remove: () => rm(appsFolder, { recursive: true, force: true }),
  }
}

const copyFolders = (from, to, names) =>
  Promise.all(names.map((name) => cp(path.join(from, name), path.join(to, name), { recursive: true, filter: isSource })))

const isSource = (file) => !['node_modules', '.wrangler', 'dist'].includes(path.basename(file))

/** The package.json of a stack's folder. What Vite needs on Windows alone is not installed: not every registry has it. */
export function manifestOf({ name, vite, cloudflare }) {
  const dependencies = { ...(cloudflare && { '@cloudflare/vite-plugin': cloudflare }), vite }
  const overrides = vite.startsWith('8.4.') ? { overrides: { 'napi-windows-process-start-time': 'file:../../windows-only' } } : {}
  return { name: `evenkeel-stack-${name}`, private: true, type: 'module', dependencies, ...overrides }
}
