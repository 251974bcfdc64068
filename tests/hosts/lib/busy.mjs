import { spawn } from 'node:child_process'

/** Keeps the processors busy with so many loops until the returned function is called. */
export function keepBusy(loops) {
  // A loop ends with whoever started it, should that die.
  const code = 'const parent = process.ppid; while (process.ppid === parent);'
  const children = Array.from({ length: loops }, () => spawn(process.execPath, ['-e', code], { stdio: 'ignore' }))
  return () => children.forEach((child) => child.kill())
}
