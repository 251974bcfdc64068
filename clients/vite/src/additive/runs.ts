/** Why a run bundled everything again instead of adding to what is there. */
export type FallbackReason =
  | 'manifest-missing'
  | 'manifest-unusable'
  | 'file-missing'
  | 'file-changed'
  | 'entry-moved'
  | 'package-changed'
  | 'export-unknown'
  | 'circular-chunks'
  | 'module-claimed-twice'

/** How the bundle of an optimizer run came to be. */
export type BundledRun =
  | { kind: 'added'; layer: number; modules: number; durationMs: number }
  | { kind: 'rebundled'; reason: FallbackReason; detail: string; modules: number; durationMs: number }

/** The runs of one environment's optimizer, between the plugin that bundles and the observer that reports. */
export class Runs {
  #latest: BundledRun | undefined
  #fallingBack: ((reason: FallbackReason, detail: string) => void) | undefined

  /** Hears of a run that will reload the environment, before Vite commits it. */
  onFallback(listener: (reason: FallbackReason, detail: string) => void): void {
    this.#fallingBack = listener
  }

  fallsBack(reason: FallbackReason, detail: string): void {
    this.#fallingBack?.(reason, detail)
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
