import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// The only look-up in the plugin. The editors' clients have their own, because they look in other places: around a workspace, not a
// package.

const EXECUTABLE = process.platform === 'win32' ? 'evenkeel.exe' : 'evenkeel'
const PLATFORM = `${process.platform}-${process.arch}`

/** The machines that a Linux binary may be made for, as Node names them, by the number in its head. */
const ELF_MACHINES = new Map([
  [0x03, 'ia32'],
  [0x28, 'arm'],
  [0x3e, 'x64'],
  [0xb7, 'arm64'],
  [0xf3, 'riscv64'],
])

/** Where the sidecar's binary is, or an error that says, as the beginning of a sentence, what to do about it. */
export function findBinary(): string {
  const named = process.env.EVENKEEL_BINARY
  const found = named ? [named] : [installed(), ...ownBuilds()]
  const binary = found.find((path) => path !== undefined && existsSync(path))
  const remedy = named ? 'correct it or unset it' : 'install or build it anew'
  if (binary === undefined) {
    if (named) throw new Error(`EVENKEEL_BINARY names ${named}, which does not exist: ${remedy}`)
    throw new Error(whyMissing())
  }
  const trouble = whyUnusable(binary)
  if (trouble === undefined) return binary
  throw new Error(`${named ? `EVENKEEL_BINARY names ${binary}, which` : binary} ${trouble}: ${remedy}`)
}

function installed(): string | undefined {
  return resolved(`@evenkeel/${PLATFORM}/bin/${EXECUTABLE}`)
}

function resolved(file: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(file)
  } catch {
    return undefined
  }
}

function whyMissing(): string {
  const published = platformPackages()
  const name = `@evenkeel/${PLATFORM}`
  if (!published)
    return 'there is no sidecar in this checkout: run `cargo build --release`, or set EVENKEEL_BINARY to one'
  const version = published[name]
  if (version === undefined) {
    return `there is no package with the sidecar for ${PLATFORM}: run \`cargo install evenkeel\`, and set EVENKEEL_BINARY to what it installs`
  }
  const other = Object.keys(published).find((other) => resolved(`${other}/package.json`))
  const trouble = other
    ? `the packages were installed on another system, with ${other}, and this is ${PLATFORM}`
    : `${name} is not installed, an optional dependency of evenkeel`
  return `${trouble}: run \`${addOptional(`${name}@${version}`)}\``
}

/** What a published package depends on; in a checkout there is nothing published that it could depend on. */
function platformPackages(): Record<string, string> | undefined {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return manifest.optionalDependencies
}

/**
 * The command that adds an optional dependency, whatever a lockfile says. Without more, npm does not: a lockfile that was written
 * beside other packages than this system's may lack this system's for ever.
 */
function addOptional(dependency: string): string {
  const [manager] = process.env.npm_config_user_agent?.split('/') ?? []
  if (manager === 'pnpm') return `pnpm add --save-optional ${dependency}`
  if (manager === 'yarn' || manager === 'bun') return `${manager} add --optional ${dependency}`
  return `npm install --include=optional --save-optional ${dependency}`
}

/** In a checkout this file is `clients/vite/dist/binary.js`. */
function ownBuilds(): string[] {
  const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../..')
  return ['release', 'debug'].map((profile) => join(checkout, 'target', profile, EXECUTABLE))
}

/** What the operating system would only give a number for. It has the last word where nothing is known here. */
function whyUnusable(path: string): string | undefined {
  if (!statSync(path).isFile()) return 'is not a file'
  try {
    accessSync(path, constants.X_OK)
  } catch {
    return 'may not be executed'
  }
  const head = headOf(path)
  if (process.platform !== 'linux' || !head || head.toString('latin1', 0, 2) === '#!') return undefined
  // A shell would be given what Linux cannot run, and say something about its syntax.
  if (head.toString('latin1', 0, 4) !== '\x7fELF' || head.length < 20) return `is not a program for ${PLATFORM}`
  const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18)
  const arch = ELF_MACHINES.get(machine) ?? 'another processor'
  return arch === process.arch ? undefined : `is made for ${arch}, and this is ${PLATFORM}`
}

function headOf(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const head = Buffer.alloc(20)
    return head.subarray(0, readSync(file, head))
  } catch {
    // One may run what one may not read.
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
