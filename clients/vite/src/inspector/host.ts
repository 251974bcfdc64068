import type { Edited, Inclusion } from './messages.js'

/** Where the page is shown, and how it reaches the dev server from there. */
export interface Host {
  /** The dev server's stream of events. */
  connect(): Stream
  /** Asks for an edit of the Vite config; `undefined` where the dev server refuses it. */
  addToConfig(inclusions: Inclusion[], token: string): Promise<Edited | undefined>
  /** Whether an editor shows the file now, whose line and column may follow its name. */
  openInEditor(site: string): Promise<boolean>
}

/** An `EventSource`, as far as the page uses one. */
export interface Stream {
  readonly readyState: number
  addEventListener(name: string, heard: (event: MessageEvent<string>) => void): void
}

/** A tab of a browser, which the dev server itself has given the page. */
const browser: Host = {
  connect: () => new EventSource('events'),

  async addToConfig(inclusions, token) {
    const headers = { 'content-type': 'application/json', 'x-evenkeel-token': token }
    const body = JSON.stringify(inclusions)
    const answer = await fetch('config', { method: 'POST', headers, body }).catch(() => undefined)
    return answer && [200, 409].includes(answer.status) ? ((await answer.json()) as Edited) : undefined
  },

  /** By Vite's own middleware, which starts the editor that runs. */
  async openInEditor(site) {
    const answer = await fetch(`../__open-in-editor?file=${encodeURIComponent(site)}`).catch(() => undefined)
    return answer?.ok ?? false
  },
}

/** What VS Code gives the script of a webview. */
interface VSCode {
  postMessage(message: object): void
}

/** What the extension says: an event of the stream with the stream's state, or what became of a request. */
type FromExtension =
  { kind: 'event'; name: string; data: string; readyState: number } | { kind: 'answer'; id: number; answer: unknown }

/** A webview of VS Code, whose extension reaches the dev server for it. */
class Webview implements Host {
  readonly #vscode: VSCode
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #asked = 0
  #stream: { target: EventTarget; readyState: number } | undefined

  constructor(vscode: VSCode) {
    this.#vscode = vscode
    addEventListener('message', ({ data }: MessageEvent<FromExtension>) => this.#hear(data))
  }

  connect(): Stream {
    const stream = (this.#stream = { target: new EventTarget(), readyState: EventSource.CONNECTING })
    this.#vscode.postMessage({ kind: 'connect' })
    return {
      get readyState() {
        return stream.readyState
      },
      addEventListener: (name, heard) => stream.target.addEventListener(name, heard as (event: Event) => void),
    }
  }

  async addToConfig(inclusions: Inclusion[], token: string): Promise<Edited | undefined> {
    return (await this.#ask({ kind: 'addToConfig', inclusions, token })) as Edited | undefined
  }

  async openInEditor(site: string): Promise<boolean> {
    return (await this.#ask({ kind: 'openInEditor', site })) === true
  }

  #ask(request: object): Promise<unknown> {
    const id = ++this.#asked
    this.#vscode.postMessage({ ...request, id })
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  #hear(message: FromExtension): void {
    if (message.kind === 'answer') {
      this.#waiting.get(message.id)?.(message.answer)
      this.#waiting.delete(message.id)
    } else if (this.#stream) {
      this.#stream.readyState = message.readyState
      this.#stream.target.dispatchEvent(new MessageEvent(message.name, { data: message.data }))
    }
  }
}

declare const acquireVsCodeApi: (() => VSCode) | undefined

export const host: Host = typeof acquireVsCodeApi === 'undefined' ? browser : new Webview(acquireVsCodeApi())
