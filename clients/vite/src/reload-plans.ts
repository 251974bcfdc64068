import type { Log } from './log.js'
import type { EnvironmentObserver } from './observer.js'
import type { ReloadPlan, ReloadRequested } from './protocol.js'
import type { Sidecar } from './sidecar.js'

/** Asks what each reload of Vite's takes along, and carries that out. What Vite reloads in one turn is one cause. */
export class ReloadPlans {
  readonly #sidecar: Sidecar
  readonly #observers: ReadonlyMap<string, EnvironmentObserver>
  readonly #judge: (plan: Promise<ReloadPlan | undefined>) => void
  readonly #log: Log
  /** The reloads of this turn of the event loop. */
  #turn: Array<{ observer: EnvironmentObserver; triggeredBy: string | undefined }> = []

  /** `judge` is given each plan as soon as it is asked for: it says which requests are doomed. */
  constructor(
    sidecar: Sidecar,
    observers: ReadonlyMap<string, EnvironmentObserver>,
    judge: (plan: Promise<ReloadPlan | undefined>) => void,
    log: Log,
  ) {
    this.#sidecar = sidecar
    this.#observers = observers
    this.#judge = judge
    this.#log = log
  }

  /** An environment is about to be reloaded by Vite. */
  readonly request = (observer: EnvironmentObserver, triggeredBy: string | undefined): void => {
    if (this.#turn.length === 0) queueMicrotask(() => this.#requestPlans())
    this.#turn.push({ observer, triggeredBy })
  }

  #requestPlans(): void {
    const turn = this.#turn
    this.#turn = []
    for (const { observer, triggeredBy } of turn) {
      const reload: ReloadRequested = { environment: observer.name }
      if (triggeredBy !== undefined) reload.triggeredBy = triggeredBy
      reload.alongside = turn.map((other) => other.observer.name).filter((name) => name !== observer.name)
      const plan = this.#sidecar.request('onFullReload', reload)
      plan
        .then((plan) => this.#carryOut(observer, plan))
        .catch((error: unknown) => this.#log.warn(`a reload could not be carried on: ${error}`))
      this.#judge(plan)
    }
  }

  #carryOut(observer: EnvironmentObserver, plan: ReloadPlan | undefined): void {
    for (const environment of plan?.reload ?? []) this.#observers.get(environment)?.reload()
    observer.warm(plan?.warm ?? [])
  }
}
