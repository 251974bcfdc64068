import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
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
    throw new Error(
      `there is no sidecar for ${PLATFORM}: run \`npm install -D @evenkeel/${PLATFORM}\`, ` +
        'or `cargo build --release` in a checkout, or set EVENKEEL_BINARY to one',
    )
  }
  const trouble = whyUnusable(binary)
  if (trouble === undefined) return binary
  throw new Error(`${named ? `EVENKEEL_BINARY names ${binary}, which` : binary} ${trouble}: ${remedy}`)
}

function installed(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@evenkeel/${PLATFORM}/bin/${EXECUTABLE}`)
  } catch {
    return undefined
  }
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
