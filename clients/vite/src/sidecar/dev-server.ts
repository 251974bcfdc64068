import type { EnvironmentSnapshot, LateDependency } from '../protocol.js'

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

/** What a reader of the sidecar may want of the dev server. */
export interface DevServer {
  /** Where a browser finds it. */
  readonly url: string
  restart(): void
}
