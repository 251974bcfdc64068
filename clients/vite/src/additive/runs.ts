import type { BundledRun, Fallback } from '../protocol.js'

/** The runs of one environment's optimizer, between the plugin that bundles and the observer that reports. */
export class Runs {
  #latest: BundledRun | undefined
  #fallingBack: ((fallback: Fallback) => void) | undefined

  /** Hears of a run that will reload the environment, before Vite commits it. */
  onFallback(listener: (fallback: Fallback) => void): void {
    this.#fallingBack = listener
  }

  fallsBack(fallback: Fallback): void {
    this.#fallingBack?.(fallback)
  }

  /** A run has written its files; Vite may still throw it away and run again. */
  wrote(run: BundledRun): void {
    this.#latest = run
  }

  /** The run that Vite has just committed. */
  take(): BundledRun | undefined {
    const run = this.#latest
    this.#latest = undefined
    return run
  }
}
