import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** An editor that truncates a file and writes it has done both by then. */
const WRITTEN_MS = 10
/** Behind a change, Vite's watcher swallows further changes of the same file for so long. */
const SWALLOWED_MS = 50

interface Save {
  timestamp: number
  written: Promise<void>
}

/**
 * Vite transforms a saved module when somebody asks for it, and that is seldom before the file is as it will stay. A
 * crawl asks at once: what it reads half-written, or before a formatter saves once more, would stay in Vite's cache,
 * for the watcher does not tell of it again.
 */
export class Saves {
  readonly #report: (file: string) => void
  readonly #latest = new Map<string, Save>()

  /** `report` is to do what the watcher would have done. */
  constructor(report: (file: string) => void) {
    this.#report = report
  }

  /** Resolves when a file that was saved may be read. Each environment asks about the same save. */
  written(file: string, timestamp: number): Promise<void> {
    const latest = this.#latest.get(file)
    if (latest?.timestamp === timestamp) return latest.written
    const state = pause(WRITTEN_MS, undefined, { ref: false }).then(() => stateOf(file))
    const save = { timestamp, written: state.then(() => {}) }
    this.#latest.set(file, save)
    void this.#lookAgain(file, save, state)
    return save.written
  }

  async #lookAgain(file: string, save: Save, state: Promise<string>): Promise<void> {
    await pause(WRITTEN_MS + SWALLOWED_MS, undefined, { ref: false })
    if (this.#latest.get(file) !== save) return
    this.#latest.delete(file)
    if ((await state) !== (await stateOf(file))) this.#report(file)
  }
}

/** Deleting is an event of its own, which nothing swallows. */
async function stateOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  return found ? `${found.mtimeMs} ${found.size}` : ''
}
