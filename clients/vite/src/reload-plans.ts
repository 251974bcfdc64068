import type { Log } from './log.js'
import type { EnvironmentObserver } from './observer.js'
import type { ReloadPlan, ReloadRequested } from './protocol.js'
import type { Sidecar } from './sidecar.js'

/** Asks what the reloads of Vite's take along, and carries that out. What Vite reloads in one turn is one cause. */
export class ReloadPlans {
  readonly #sidecar: Sidecar
  readonly #observers: ReadonlyMap<string, EnvironmentObserver>
  readonly #log: Log
  /** The reloads of this turn of the event loop. */
  #reloads: ReloadRequested[] = []

  constructor(sidecar: Sidecar, observers: ReadonlyMap<string, EnvironmentObserver>, log: Log) {
    this.#sidecar = sidecar
    this.#observers = observers
    this.#log = log
  }

  /** An environment is about to be reloaded by Vite. */
  readonly request = (environment: string, triggeredBy: string | undefined): void => {
    if (this.#reloads.length === 0) queueMicrotask(() => this.#requestPlan())
    this.#reloads.push(triggeredBy === undefined ? { environment } : { environment, triggeredBy })
  }

  #requestPlan(): void {
    const reloads = this.#reloads
    this.#reloads = []
    const gates = [...this.#sidecar.gates]
    const plan = this.#sidecar.request('onFullReload', { reloads, sent: gates.flatMap(({ sent }) => sent) })
    plan
      .then((plan) => this.#carryOut(plan))
      .catch((error: unknown) =>
        this.#log.warn(`a reload could not be passed on to other environments: ${error}. Restart Vite.`),
      )
    for (const gate of gates) gate.judge(plan)
  }

  #carryOut(plan: ReloadPlan | undefined): void {
    for (const environment of plan?.reload ?? []) this.#observers.get(environment)?.reload()
    for (const { environment, modules } of plan?.warm ?? []) this.#observers.get(environment)?.warm(modules)
  }
}
