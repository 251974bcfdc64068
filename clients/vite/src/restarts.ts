/** Waits before each restart. There are no more restarts than entries. */
const BACKOFF_MS = [100, 500, 2_000]
/** After so long a life, the deaths before it are forgiven. */
const HEALTHY_MS = 60_000

/** How often a program that ends is started again: one that keeps ending is given up. */
export class Restarts {
  #deaths = 0
  #givenUp = false
  #healthy: NodeJS.Timeout | undefined

  get givenUp(): boolean {
    return this.#givenUp
  }

  /** The program is there and can be asked. */
  lives(): void {
    this.#healthy = setTimeout(() => this.forgive(), HEALTHY_MS)
    this.#healthy.unref()
  }

  /** The program has ended. How long to wait before it is started again; `undefined` when it is given up. */
  died(): number | undefined {
    clearTimeout(this.#healthy)
    const wait = this.#givenUp ? undefined : BACKOFF_MS[this.#deaths]
    this.#deaths += 1
    this.#givenUp = wait === undefined
    return wait
  }

  /** Whether this is the first death since the last that was forgiven. */
  get isFirstDeath(): boolean {
    return this.#deaths === 1
  }

  giveUp(): void {
    this.#givenUp = true
  }

  forgive(): void {
    this.#deaths = 0
    this.#givenUp = false
  }
}
