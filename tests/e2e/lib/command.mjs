import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = process.env.EVENKEEL_BINARY ?? fileURLToPath(new URL('../../../target/release/evenkeel', import.meta.url))

/** Runs the `evenkeel` command, and gives its exit code and what it printed. */
export function evenkeel(...args) {
  return new Promise((resolve, reject) => {
    execFile(path.resolve(binary), args, { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}
