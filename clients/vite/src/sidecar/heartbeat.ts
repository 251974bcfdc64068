/** How often a sidecar that keeps a request waiting is asked whether it is still there. */
const HEARTBEAT_MS = 500

/** Beats while somebody waits. */
export class Heartbeat {
  readonly #beat: () => void
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(beat: () => void) {
    this.#beat = beat
  }

  async during<T>(wait: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    this.#timer ??= setInterval(this.#beat, HEARTBEAT_MS).unref()
    try {
      return await wait()
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0) this.stop()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
