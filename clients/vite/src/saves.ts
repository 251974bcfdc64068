import { statSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** An editor that truncates a file and writes it has mostly done both by then. */
const WRITTEN_MS = 10
/** After a change, Vite's watcher swallows further changes of the same file for so long. */
const SWALLOWED_MS = 50
/** Vite hears of what is reported once more long before that. */
const HEARD_MS = 2_000

/** Deleting is an event of its own, which nothing swallows. */
const GONE = ''

interface Save {
  timestamp: number
  /** Whether it is known that modules are made of the file. Nobody has to hear of others once more. */
  isLoaded: boolean
  written: Promise<void>
  /** Called when Vite has heard of the file once more. */
  superseded?: () => void
}

/**
 * A saved file may be read before it is as it will stay: half-written, or before a formatter saves once more. That would
 * stay in Vite's cache, for the watcher does not tell of it again. This is local: how long an editor takes over a file concerns nobody
 * but who reads it, and the sidecar decides nothing by it.
 */
export class Saves {
  readonly #report: (file: string) => void
  readonly #latest = new Map<string, Save>()

  /** `report` is to do what the watcher would have done. */
  constructor(report: (file: string) => void) {
    this.#report = report
  }

  /**
   * Resolves when a file that was saved may be read. Each environment asks about the same save, some twice: what modules are made of the
   * file (`isLoaded`) may be known later only.
   */
  written(file: string, timestamp: number, isLoaded: boolean): Promise<void> {
    const latest = this.#latest.get(file)
    if (latest?.timestamp === timestamp) {
      latest.isLoaded ||= isLoaded
      return latest.written
    }
    const save: Save = { timestamp, isLoaded, written: Promise.resolve() }
    this.#latest.set(file, save)
    save.written = this.#settle(file, save, stateOf(file))
    latest?.superseded?.()
    return save.written
  }

  /** A module runner reads the file at once, as it was when the watcher told of it. */
  async #settle(file: string, save: Save, first: string): Promise<void> {
    const written = await writtenState(file)
    const hasChanged = written !== first && written !== GONE
    if (hasChanged && save.isLoaded) return this.#reportAgain(file, save)
    void this.#lookAgain(file, save, hasChanged ? first : written)
  }

  async #lookAgain(file: string, save: Save, written: string): Promise<void> {
    await wait(SWALLOWED_MS)
    if (this.#latest.get(file) !== save) return
    this.#latest.delete(file)
    const state = stateOf(file)
    if (save.isLoaded && state !== written && state !== GONE) this.#report(file)
  }

  /** What was read then is not to be taken for what was saved: it is written when Vite has heard of it once more. */
  async #reportAgain(file: string, save: Save): Promise<void> {
    if (this.#latest.get(file) === save) {
      const superseded = new Promise<void>((resolve) => {
        save.superseded = resolve
      })
      this.#report(file)
      await Promise.race([superseded, wait(HEARD_MS)])
    }
    const next = this.#latest.get(file)
    if (next === save) this.#latest.delete(file)
    else await next?.written
  }
}

/** What is empty was most likely truncated, and its content is about to come. */
async function writtenState(file: string): Promise<string> {
  let state = ''
  for (let waited = 0; waited < SWALLOWED_MS; waited += WRITTEN_MS) {
    await wait(WRITTEN_MS)
    state = stateOf(file)
    if (!state.endsWith(' 0')) break
  }
  return state
}

function stateOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file)
    return `${mtimeMs} ${size}`
  } catch {
    return GONE
  }
}

function wait(milliseconds: number): Promise<void> {
  return pause(milliseconds, undefined, { ref: false })
}
