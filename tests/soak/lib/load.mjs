// Keeps all processors busy half of the time.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

const halfMs = 10_000

const burner = `setInterval(() => { const end = performance.now() + ${halfMs}; while (performance.now() < end); }, ${2 * halfMs})`

export function burdenProcessors() {
  const burners = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', burner], { stdio: 'ignore' }))
  const end = () => burners.forEach((child) => child.kill('SIGKILL'))
  process.on('exit', end)
  return () => {
    process.off('exit', end)
    end()
  }
}
