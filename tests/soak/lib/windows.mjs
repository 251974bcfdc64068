/** Spans of time in which something was meant to go wrong: a restart, a sidecar that was killed. */
export class Windows {
  #all = []

  /** Opens one; the result closes it. */
  open(why) {
    const window = { why, from: performance.now(), until: Infinity }
    this.#all.push(window)
    return () => (window.until = performance.now())
  }

  /** Why something that went wrong in this span was meant to, if it was. */
  covering({ from, until }) {
    return this.#all.find((window) => window.from <= until && window.until >= from)?.why
  }
}
