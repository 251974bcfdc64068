import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'

// Each client looks in its own places, for only the name of the package is the same: the Vite plugin begins at its own package
// (clients/vite/src/binary.ts), Neovim at the folder of a buffer (clients/nvim/lua/evenkeel/binary.lua), and here at the workspace's
// folders and a setting.

export interface Surroundings {
  /** The setting `evenkeel.binary`; empty when it is not set. */
  configured: string
  /** The workspace's folders first, then those of apps inside them. */
  folders: string[]
  env: Record<string, string | undefined>
  platform: string
  arch: string
}

/** Its message says what to do. */
export class MissingBinary extends Error {
  override readonly name = 'MissingBinary'
}

export function findBinary(around: Surroundings): string {
  const { configured, env, platform, arch } = around
  if (configured) return named('The setting evenkeel.binary', absolute(configured, around.folders))
  if (env.EVENKEEL_BINARY) return named('EVENKEEL_BINARY', env.EVENKEEL_BINARY)
  const found = [...installed(around), ...plugged(around), ...onPath(around)].find((file) => existsSync(file))
  if (found) return found
  throw new MissingBinary(
    `The program evenkeel was not found. Install @evenkeel/${platform}-${arch} in the workspace, ` +
      'put evenkeel on the PATH, or name it in the setting evenkeel.binary.',
  )
}

function named(by: string, file: string): string {
  if (existsSync(file)) return file
  throw new MissingBinary(`${by} names ${file}, which does not exist. Correct it or unset it.`)
}

function absolute(file: string, [workspace]: string[]): string {
  return isAbsolute(file) || workspace === undefined ? file : resolve(workspace, file)
}

function installed({ folders, ...system }: Surroundings): string[] {
  return folders
    .map((folder) => join(folder, 'node_modules'))
    .flatMap((modules) => [modules, besidePlugin(modules)])
    .flatMap((modules) => (modules ? [join(modules, program(system))] : []))
}

/** As what imports it would write it: the package of this system, and the file in it. */
function program({ platform, arch }: Pick<Surroundings, 'platform' | 'arch'>): string {
  return `@evenkeel/${platform}-${arch}/bin/${executable(platform)}`
}

/** pnpm links a package from a store of its own, in which what it depends on lies beside it. */
function besidePlugin(modules: string): string | undefined {
  try {
    return dirname(realpathSync(join(modules, 'evenkeel')))
  } catch {
    return undefined
  }
}

/** What Yarn's script of Plug'n'Play is asked: where a request leads to, in the name of the package that makes it. */
interface PlugAndPlay {
  resolveToUnqualified(request: string, issuer: string): string | null
}

/** Yarn's Plug'n'Play has no `node_modules`. The program is the plugin's dependency, not the app's. */
function plugged({ folders, ...system }: Surroundings): string[] {
  return folders.flatMap((folder) => {
    const script = scriptAbove(folder)
    if (!script) return []
    try {
      const yarn = createRequire(script)(script) as PlugAndPlay
      const plugin = yarn.resolveToUnqualified('evenkeel', join(folder, '/'))
      return (plugin && yarn.resolveToUnqualified(program(system), join(plugin, '/'))) ?? []
    } catch {
      return []
    }
  })
}

function scriptAbove(folder: string): string | undefined {
  const script = join(folder, '.pnp.cjs')
  if (existsSync(script)) return script
  return dirname(folder) === folder ? undefined : scriptAbove(dirname(folder))
}

function onPath({ env, platform }: Surroundings): string[] {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, executable(platform)))
}

function executable(platform: string): string {
  return platform === 'win32' ? 'evenkeel.exe' : 'evenkeel'
}
