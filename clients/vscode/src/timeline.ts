import { readFile } from 'node:fs/promises'
import {
  type Disposable,
  type ExtensionContext,
  Position,
  Selection,
  Uri,
  ViewColumn,
  type Webview,
  type WebviewPanel,
  window,
} from 'vscode'
import { EventSource } from 'eventsource'

/** What the page asks for, by the names of the inspector's `host.ts`. */
type FromPage =
  | { kind: 'connect' }
  | { kind: 'addToConfig'; id: number; inclusions: unknown; token: string }
  | { kind: 'openInEditor'; id: number; site: string }

/** Those that the page listens to, in its `connect`. */
const EVENTS = ['project', 'history', 'status', 'activity', 'gone']

/** The inspector's page of each dev server, in a tab of the editor. */
export class Timelines implements Disposable {
  readonly #folder: Uri
  readonly #open = new Map<string, WebviewPanel>()

  constructor({ extensionUri }: ExtensionContext) {
    this.#folder = Uri.joinPath(extensionUri, 'dist/timeline')
  }

  async show(url: string): Promise<void> {
    const open = this.#open.get(url)
    if (open) return open.reveal()
    const panel = window.createWebviewPanel('evenkeel.timeline', 'Evenkeel', ViewColumn.Beside, {
      enableScripts: true,
      localResourceRoots: [this.#folder],
      retainContextWhenHidden: true,
    })
    this.#open.set(url, panel)
    const relay = new Relay(url, panel.webview)
    panel.onDidDispose(() => {
      relay.dispose()
      this.#open.delete(url)
    })
    panel.webview.html = await this.#page(panel.webview)
  }

  /** The page as a browser gets it, but for where its files are and where it may connect to, which is nowhere. */
  async #page(webview: Webview): Promise<string> {
    const html = await readFile(Uri.joinPath(this.#folder, 'page.html').fsPath, 'utf8')
    const { cspSource } = webview
    const policy = `default-src 'none'; script-src ${cspSource}; style-src ${cspSource}; img-src data:; base-uri ${cspSource}`
    const head = `<head><meta http-equiv="content-security-policy" content="${policy}" /><base href="${webview.asWebviewUri(this.#folder)}/" />`
    return html.replace('<head>', head)
  }

  dispose(): void {
    for (const panel of this.#open.values()) panel.dispose()
  }
}

/** Reaches a dev server for the page in a webview. */
class Relay implements Disposable {
  readonly #url: string
  readonly #webview: Webview
  #events: EventSource | undefined

  constructor(url: string, webview: Webview) {
    this.#url = url
    this.#webview = webview
    webview.onDidReceiveMessage((message: FromPage) => this.#hear(message))
  }

  async #hear(message: FromPage): Promise<void> {
    if (message.kind === 'connect') return this.#connect()
    const answer = message.kind === 'addToConfig' ? await this.#addToConfig(message) : await openInEditor(message.site)
    void this.#webview.postMessage({ kind: 'answer', id: message.id, answer })
  }

  #connect(): void {
    this.#events?.close()
    const events = (this.#events = new EventSource(new URL('events', this.#url)))
    const tell = (name: string, data = '') =>
      void this.#webview.postMessage({ kind: 'event', name, data, readyState: events.readyState })
    for (const name of EVENTS) events.addEventListener(name, ({ data }) => tell(name, data))
    events.addEventListener('error', () => tell('error'))
  }

  async #addToConfig({ inclusions, token }: { inclusions: unknown; token: string }): Promise<unknown> {
    const { origin } = new URL(this.#url)
    const headers = { 'content-type': 'application/json', 'x-evenkeel-token': token, origin }
    const body = JSON.stringify(inclusions)
    const answer = await fetch(new URL('config', this.#url), { method: 'POST', headers, body }).catch(() => undefined)
    return answer && [200, 409].includes(answer.status) ? answer.json() : undefined
  }

  dispose(): void {
    this.#events?.close()
  }
}

async function openInEditor(site: string): Promise<boolean> {
  const [, file, line = '1', column = '1'] = /^(.+?)(?::(\d+))?(?::(\d+))?$/.exec(site) ?? []
  if (!file) return false
  const at = new Position(Math.max(0, Number(line) - 1), Math.max(0, Number(column) - 1))
  const options = { viewColumn: ViewColumn.One, selection: new Selection(at, at) }
  return window.showTextDocument(Uri.file(file), options).then(
    () => true,
    () => false,
  )
}
