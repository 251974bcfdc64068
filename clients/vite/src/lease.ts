import { keepHistory } from './history.js'
import type { Log } from './log.js'
import type { ResolvedOptions } from './options.js'
import { Sidecar } from './sidecar.js'

/** A share of a sidecar. The last one to be released ends it. */
export interface Lease {
  readonly sidecar: Sidecar
  release(): void
}

interface Shared {
  sidecar: Sidecar
  leases: number
}

/**
 * A restart of Vite makes plugins anew, in the same process and sometimes as a second copy of this module: the
 * sidecar must outlive it, since it knows what the requests in flight have seen.
 */
const REGISTRY = Symbol.for('evenkeel.sidecars')

function registry(): Map<string, Shared> {
  const holder = globalThis as { [REGISTRY]?: Map<string, Shared> }
  return (holder[REGISTRY] ??= new Map())
}

/** Whether a project has another sidecar. */
const isShared = (project: string) => [...registry().keys()].some((key) => key.startsWith(`${project}\n`))

/** Takes a share of the sidecar for a project, starting it if there is none. */
export function acquire(project: string, options: ResolvedOptions, log: Log): Lease {
  const key = `${project}\n${JSON.stringify(options)}`
  const known = registry().get(key)
  known?.sidecar.startAnew()
  const shared = known ?? { sidecar: new Sidecar(options, log), leases: 0 }
  registry().set(key, shared)
  shared.leases += 1
  let released = false
  return {
    sidecar: shared.sidecar,
    release() {
      if (released) return
      released = true
      shared.leases -= 1
      if (shared.leases > 0) return
      registry().delete(key)
      if (!isShared(project)) return shared.sidecar.dispose()
      // Another option: its server is there already, and shows what this one's sidecar has seen.
      void keepHistory(project, shared.sidecar).finally(() => shared.sidecar.dispose())
    },
  }
}
