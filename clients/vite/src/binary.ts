import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const EXECUTABLE = process.platform === 'win32' ? 'evenkeel.exe' : 'evenkeel'

/** Where the sidecar's binary is, or an error that says how to get one. */
export function findBinary(): string {
  const named = process.env.EVENKEEL_BINARY
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`EVENKEEL_BINARY names ${named}, which does not exist. Correct it or unset it.`)
  }
  const platform = `${process.platform}-${process.arch}`
  const found = [installed(platform), ...ownBuilds()].find((path) => path && existsSync(path))
  if (found) return found
  throw new Error(
    `no sidecar binary for ${platform}. Install the package @evenkeel/${platform}, ` +
      'set EVENKEEL_BINARY to a binary, or, in a checkout, run `cargo build --release`.',
  )
}

function installed(platform: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@evenkeel/${platform}/bin/${EXECUTABLE}`)
  } catch {
    return undefined
  }
}

/** In a checkout this file is `clients/vite/dist/binary.js`. */
function ownBuilds(): string[] {
  const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../..')
  return ['release', 'debug'].map((profile) => join(checkout, 'target', profile, EXECUTABLE))
}
