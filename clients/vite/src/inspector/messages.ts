import type { Reoptimization } from '../protocol.js'

/** What an earlier sidecar of the same project had seen when it was ended. */
export interface Past {
  /** When its clock began, in milliseconds since 1970. */
  began: number
  records: Reoptimization[]
}

/** Why there is no status. */
export interface Gone {
  why: string
  /** Whether there is nothing to do but to wait: a sidecar is being started. */
  isStarting: boolean
}

/** Late dependencies of an environment, for `optimizeDeps.include`. */
export interface Inclusion {
  environment: string
  dependencies: string[]
}

/** What became of the Vite config, in a sentence. */
export interface Edited {
  done: boolean
  text: string
}
