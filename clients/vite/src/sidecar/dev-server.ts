import type { EnvironmentSnapshot, LateDependency, ReloadPlan } from '../protocol.js'

/** Something that can tell the whole state of an environment again, after a respawn. */
export interface Environment {
  readonly name: string
  snapshot(): EnvironmentSnapshot
  /** Transforms modules ahead of requests. */
  crawl(modules: string[]): Promise<void>
  /** Begins the optimizer run that is due. */
  optimize(): void
  /** Remembers dependencies for the next start. */
  learn(dependencies: LateDependency[]): void
}

/** The requests inside a server. */
export interface Inside {
  /** Those of whose response a byte has been sent. */
  readonly sent: number[]
  /** Is given the plan of reloads as soon as it is asked for: it says what becomes of them. */
  judge(plan: Promise<ReloadPlan | undefined>): void
}

/** What a reader of the sidecar may want of the dev server. */
export interface DevServer {
  /** Where a browser finds it. */
  readonly url: string
  restart(): void
}
