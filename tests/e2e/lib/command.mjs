import { execFile } from 'node:child_process'
import { binary } from './paths.mjs'

/** Runs the `evenkeel` command, and gives its exit code and what it printed. */
export function evenkeel(...args) {
  return new Promise((resolve, reject) => {
    execFile(binary, args, { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}
