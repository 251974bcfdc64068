#!/usr/bin/env node
// The command `evenkeel`: runs the program of this system, and ends as it ends.
import { spawn } from 'node:child_process'
import { findBinary } from './binary.js'

const FORWARDED: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** What a shell gives for a command that is not there. */
const NOT_FOUND = 127

run()

function run(): void {
  let program: string
  try {
    program = findBinary()
  } catch (error) {
    return fail(error as Error)
  }
  const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  child.once('error', fail)
  child.once('exit', (code, signal) => {
    for (const forwarded of FORWARDED) process.off(forwarded, forward)
    if (signal) process.kill(process.pid, signal)
    else process.exitCode = code ?? 1
  })
}

function fail(error: Error): void {
  console.error(`evenkeel: ${error.message}.`)
  process.exitCode = NOT_FOUND
}
