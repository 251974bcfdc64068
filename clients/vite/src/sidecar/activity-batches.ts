import type { Activity } from '../protocol.js'

/** Activities of modules are many: they are sent with the next message, or at the end of this turn of the event loop. */
export class ActivityBatches {
  readonly #send: (environment: string, activities: Activity[]) => void
  #batches = new Map<string, Activity[]>()
  #flushScheduled = false

  constructor(send: (environment: string, activities: Activity[]) => void) {
    this.#send = send
  }

  add(environment: string, activity: Activity): void {
    const batch = this.#batches.get(environment)
    if (batch) batch.push(activity)
    else this.#batches.set(environment, [activity])
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }

  flush(): void {
    if (this.#batches.size === 0) return
    const batches = this.#batches
    this.#batches = new Map()
    for (const [environment, activities] of batches) this.#send(environment, activities)
  }

  clear(): void {
    this.#batches.clear()
  }
}
