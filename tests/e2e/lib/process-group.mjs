// Programs that start others lead a process group, so that all of it ends together, however a test ends.

const leaders = new Set()
process.on('exit', () => leaders.forEach(killGroup))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** For a child that was spawned `detached`: if this process ends before it, its group is killed. */
export function endWithUs(child) {
  leaders.add(child)
  child.once('exit', () => leaders.delete(child))
  return child
}

export const killGroup = (child) => signalGroup(child, 'SIGKILL')

export function signalGroup({ pid }, signal) {
  try {
    // Windows has no groups.
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // Already gone, which is what was wanted.
  }
}
