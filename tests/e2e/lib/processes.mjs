import { readFileSync, readdirSync } from 'node:fs'
import { until } from './waiting.mjs'

/** The sidecar that a server started, as the operating system sees it. */
export function sidecarOf(pid) {
  return childrenOf(pid).find((child) => commandOf(child).endsWith('/evenkeel serve'))
}

export const sidecarOfSoon = (app) => until('a sidecar runs', () => sidecarOf(app.pid))

/** A zombie has ended; only its parent has not looked yet. */
export function isRunning(pid) {
  const state = statOf(pid)?.state
  return state !== undefined && state !== 'Z'
}

export const ended = (pid) => until(`process ${pid} ends`, () => !isRunning(pid))

export const commandOf = (pid) => read(pid, 'cmdline').split('\0').join(' ').trim()

export function childrenOf(parent) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => statOf(pid)?.parent === parent && isRunning(pid))
}

/** All that a process has started, and what that has started. */
export const descendantsOf = (pid) => childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])

/** The process group of a process, which gets signals as a whole. */
export const groupOf = (pid) => statOf(pid)?.group

function statOf(pid) {
  // The second field is the command in parentheses, which may hold spaces and parentheses itself.
  const [state, parent, group] = read(pid, 'stat').split(') ').at(-1).split(' ')
  return state ? { state, parent: Number(parent), group: Number(group) } : undefined
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // Processes may end between being listed and being looked at.
    return ''
  }
}
