import type { EnvironmentModuleNode } from 'vite'

/** While Vite is about to invalidate what a save has changed: nothing of it is to be crawled before. */
export class Invalidation {
  #pending: Promise<void> | undefined

  get done(): Promise<void> | undefined {
    return this.#pending
  }

  /** Vite is going to invalidate these modules; the file is not read before it is `written`. */
  expect(modules: EnvironmentModuleNode[], timestamp: number, written: Promise<void>): void {
    const pending = Promise.all([written, invalidated(modules, timestamp)]).then(() => {})
    this.#pending = pending
    void pending.then(() => {
      if (this.#pending === pending) this.#pending = undefined
    })
  }

  /** The same, while other plugins take their time with the update. */
  expectWritten(written: Promise<void>): void {
    this.#pending ??= written.then(() => {
      this.#pending = undefined
    })
  }
}

/** Resolves once Vite has invalidated the modules of a save, which it does when all plugins have been asked. */
async function invalidated(modules: EnvironmentModuleNode[], timestamp: number): Promise<void> {
  // Another plugin may have taken the update upon itself, so that nothing is ever invalidated.
  for (let turns = 0; turns < 100 && modules.some((module) => module.lastHMRTimestamp < timestamp); turns++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
