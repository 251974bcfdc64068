// Programs that have to succeed, and one that is ended.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { killGroup, signalGroup } from '../../e2e/lib/process-group.mjs'

/** Resolves with what it printed, and with how it ended; one that fails is an error, unless it is `mayFail`. */
export function run(program, args, { mayFail = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 240_000, maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
      if (error && !mayFail) reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`))
      else resolve({ code: error ? error.code : 0, stdout, stderr })
    })
  })
}

/** The whole group that it leads: a package manager stands between a test and what it runs. */
export async function end(child) {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    signalGroup(child, 'SIGTERM')
    const timer = setTimeout(killGroup, 5_000, child)
    await ended
    clearTimeout(timer)
  }
  killGroup(child)
}
