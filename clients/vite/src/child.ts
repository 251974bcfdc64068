import { type ChildProcess, spawn } from 'node:child_process'

/** How long a child may take to end by itself. */
const GRACE_MS = 1_000

const running = new Set<ChildProcess>()

/** A process that has been stopped does not notice that its stdin has ended, and would stay. */
function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Starts a program that ends with its stdin, and in any case with this process. */
export function startChild(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: Ctrl+C in a terminal and `kill` of a group are for this process, which may still ask it things while it
    // closes. On Windows, `detached` would open a console.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  if (running.size === 0) process.once('exit', killAll)
  running.add(child)
  const forget = () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', killAll)
  }
  child.once('exit', forget)
  child.once('error', () => child.pid === undefined && forget())
  // An idle child must not keep Node alive; the pipes are sockets, which can be unreferenced.
  child.unref()
  for (const pipe of [child.stdin, child.stdout]) (pipe as { unref?(): void } | null)?.unref?.()
  return child
}

/** Lets a child end by itself, and ends it when it does not. */
export function endChild(child: ChildProcess): void {
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  timer.unref()
  child.once('exit', () => clearTimeout(timer))
}
