import type { DevEnvironment, FullReloadPayload, HotPayload } from 'vite'
import { interceptSend } from '../vite-internals/hot.js'

/**
 * Events of frameworks by which a page imports what is new in it: the one of server components, and React Router's for a route
 * that was saved.
 */
const UPDATE_EVENTS = ['rsc:update', 'react-router:hmr']

interface Listener {
  /** A `full-reload` is about to be sent, to all pages if it is for pages. */
  onReload(triggeredBy: string | undefined): void
  /** Whether pages are to get an update, which has an age in milliseconds if it says so. Resolves when they may. */
  isUpdateWanted(age: number | undefined): Promise<boolean>
}

/** What an environment sends to its runner or its pages: reloads are told of, and a page's updates may have to wait. */
export class HotMessages {
  readonly #environment: DevEnvironment
  readonly #listener: Listener
  /** Sends past this. */
  readonly #send: (payload: HotPayload) => void

  constructor(environment: DevEnvironment, listener: Listener) {
    this.#environment = environment
    this.#listener = listener
    this.#send = interceptSend(environment, (message, sendNow) => this.#sending(message, sendNow))
  }

  /** Reloads without telling of it. */
  reload(): void {
    this.#send({ type: 'full-reload', path: '*' })
  }

  #sending(message: HotPayload | string, sendNow: () => void): void {
    const { config, logger } = this.#environment
    const isForPages = config.consumer === 'client'
    if (typeof message !== 'string' && message.type === 'full-reload' && !(isForPages && isOfOnePage(message)))
      this.#listener.onReload(message.triggeredBy)
    if (!isForPages || !isUpdate(message)) return sendNow()
    this.#sendIfWanted(message, sendNow).catch((error: unknown) =>
      logger.error(`[evenkeel] a hot update could not be sent: ${error}. Reload the page.`),
    )
  }

  /**
   * A page that takes an update with a late dependency gets it beside the modules of before, and is then reloaded all the
   * same. So an update waits for what its crawl finds, and for the optimizer. After a reload nobody needs it: what was
   * there before that is in the new page, and the old one is still there for a moment.
   */
  async #sendIfWanted(message: HotPayload | string, sendUpdate: () => void): Promise<void> {
    if (await this.#listener.isUpdateWanted(ageOf(message))) sendUpdate()
  }
}

/** Whether Vite's client ignores it in all other pages. An app of one page has its `index.html` at any path. */
function isOfOnePage({ path }: FullReloadPayload): boolean {
  return path !== undefined && path.endsWith('.html') && path !== '/index.html'
}

/** The age of the newest module of an update, in milliseconds. Events of frameworks do not tell it. */
function ageOf(message: HotPayload | string): number | undefined {
  if (typeof message === 'string' || message.type !== 'update') return undefined
  const newest = Math.max(...message.updates.map(({ timestamp }) => timestamp))
  return Number.isFinite(newest) ? Math.max(0, Date.now() - newest) : undefined
}

function isUpdate(payload: HotPayload | string): boolean {
  if (typeof payload === 'string') return UPDATE_EVENTS.includes(payload)
  return payload.type === 'update' || (payload.type === 'custom' && UPDATE_EVENTS.includes(payload.event))
}
