import type { LogOutputChannel } from 'vscode'
import {
  ExecuteCommandRequest,
  LanguageClient,
  type ShowDocumentRequest,
  State,
  type StaticFeature,
} from 'vscode-languageclient/node'
import { MissingBinary } from './binary.js'
import type { ServerStatus } from './status.js'
import { appFolders, binaryFor } from './workspace.js'

/** By rust-analyzer's name: `experimental/serverStatus` is no part of the protocol, and told only to those who ask for it. */
const wantsStatus: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...capabilities.experimental, serverStatusNotification: true }
  },
  initialize() {},
  getState: () => ({ kind: 'static' }),
  clear() {},
}

const LANGUAGES = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'vue', 'svelte', 'astro']

/** The language server of this window. */
export class Server {
  readonly #log: LogOutputChannel
  /** Called with `undefined` where there is nothing that a user would want to know. */
  readonly #tell: (status: ServerStatus | undefined) => void
  /** Shows a page of the dev server, by its URL. */
  readonly #showPage: (url: string) => Promise<void>
  #client: LanguageClient | undefined
  #turn: Promise<void> = Promise.resolve()
  /** Why there is no client. */
  #problem = 'Evenkeel has not been started yet.'

  constructor(
    log: LogOutputChannel,
    tell: (status: ServerStatus | undefined) => void,
    showPage: (url: string) => Promise<void>,
  ) {
    this.#log = log
    this.#tell = tell
    this.#showPage = showPage
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  /** `file` says which of several dev servers is meant. */
  async execute(command: string, file: string | undefined): Promise<void> {
    if (!this.#client) throw new Error(this.#problem)
    await this.#client.sendRequest(ExecuteCommandRequest.type, file ? { command, arguments: [file] } : { command })
  }

  /** A setting may be changed again while the server is still starting. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    return (this.#turn = this.#turn.then(work))
  }

  async #start(): Promise<void> {
    const apps = await appFolders()
    try {
      const client = this.#create(binaryFor(apps))
      await client.start()
      this.#client = client
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error)
      this.#log.warn(this.#problem)
      const elsewhere = error instanceof MissingBinary && apps.length === 0
      this.#tell(elsewhere ? undefined : { health: 'warning', quiescent: true, message: this.#problem })
    }
  }

  async #stop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client
      ?.dispose()
      .catch((error: unknown) => this.#log.warn(`the language server did not end as it should: ${error}`))
  }

  /** The timeline has a tab here. Over HTTPS it is left to the browser, whose user has accepted the certificate. */
  readonly #showDocument: ShowDocumentRequest.MiddlewareSignature = (params, token, next) => {
    if (!params.external || !params.uri.startsWith('http://')) return next(params, token)
    return this.#showPage(params.uri).then(() => ({ success: true }))
  }

  #create(binary: string): LanguageClient {
    this.#log.info(`starting ${binary} lsp`)
    const client = new LanguageClient(
      'evenkeel',
      'Evenkeel',
      { command: binary, args: ['lsp'] },
      {
        documentSelector: LANGUAGES.map((language) => ({ scheme: 'file', language })),
        outputChannel: this.#log,
        middleware: { window: { showDocument: this.#showDocument } },
      },
    )
    client.registerFeature(wantsStatus)
    client.onNotification('experimental/serverStatus', this.#tell)
    client.onDidChangeState(({ newState }) => {
      if (newState !== State.Stopped || client !== this.#client) return
      this.#tell({ health: 'error', quiescent: true, message: 'the language server has ended' })
    })
    return client
  }
}
