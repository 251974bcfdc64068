import type { DevEnvironment, HotPayload } from 'vite'
import { interceptSend } from '../vite-internals/hot.js'

/**
 * Events of frameworks by which a page imports what is new in it: the one of server components, and React Router's for a route
 * that was saved.
 */
const UPDATE_EVENTS = ['rsc:update', 'react-router:hmr']
/** A page that was told to reload is gone by then. */
const RELOADING_MS = 2_000

interface Listener {
  /** A `full-reload` is about to be sent. */
  onReload(triggeredBy: string | undefined): void
  /** Resolves when a page may take an update. */
  settled(): Promise<void>
}

/** What an environment sends to its runner or its pages: reloads are told of, and a page's updates may have to wait. */
export class HotMessages {
  readonly #environment: DevEnvironment
  readonly #listener: Listener
  /** Sends past this. */
  readonly #send: (payload: HotPayload) => void
  #reloads = 0
  #reloadedAt = 0
  #savedAt = 0

  constructor(environment: DevEnvironment, listener: Listener) {
    this.#environment = environment
    this.#listener = listener
    this.#send = interceptSend(environment, (message, sendNow) => this.#sending(message, sendNow))
  }

  /** How often Vite has reloaded the environment. */
  get reloads(): number {
    return this.#reloads
  }

  /** A file was saved, at this time. */
  saved(timestamp: number): void {
    this.#savedAt = timestamp
  }

  /** Reloads without telling of it. */
  reload(): void {
    this.#send({ type: 'full-reload', path: '*' })
  }

  #sending(message: HotPayload | string, sendNow: () => void): void {
    if (typeof message !== 'string' && message.type === 'full-reload') {
      this.#reloads += 1
      this.#reloadedAt = Date.now()
      this.#listener.onReload(message.triggeredBy)
    }
    const { config, logger } = this.#environment
    if (config.consumer !== 'client' || !isUpdate(message)) return sendNow()
    this.#unlessReloaded(sendNow).catch((error: unknown) => logger.error(`a hot update could not be sent: ${error}`))
  }

  /**
   * A page that takes an update with a late dependency gets it beside the modules of before, and is then reloaded all the
   * same. So an update waits for what its crawl finds, and for the optimizer. After a reload nobody needs it: what was
   * saved before that is in the new page, and the old one is still there for a moment.
   */
  async #unlessReloaded(sendUpdate: () => void): Promise<void> {
    await this.#listener.settled()
    const isInReload = this.#reloadedAt >= this.#savedAt && Date.now() - this.#reloadedAt < RELOADING_MS
    if (!isInReload) sendUpdate()
  }
}

function isUpdate(payload: HotPayload | string): boolean {
  if (typeof payload === 'string') return UPDATE_EVENTS.includes(payload)
  return payload.type === 'update' || (payload.type === 'custom' && UPDATE_EVENTS.includes(payload.event))
}
