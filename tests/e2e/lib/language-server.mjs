import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from 'vscode-jsonrpc/node'
import { binary } from './paths.mjs'

const everything = {
  window: { workDoneProgress: true, showDocument: { support: true } },
  textDocument: { publishDiagnostics: {}, codeAction: { isPreferredSupport: true } },
  workspace: { workspaceFolders: true },
  experimental: { serverStatusNotification: true },
}

/**
 * `evenkeel lsp` in a folder, as an editor starts it that has `announced` what it can do. `shown` is what the server asked to be
 * shown.
 */
export async function startLanguageServer(root, { folders = [root], announced = everything } = {}) {
  const child = spawn(binary, ['lsp'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin))
  const heard = []
  const shown = []
  const listeners = new Map()
  connection.onNotification((method, params) => {
    heard.push({ method, params })
    listeners.get(method)?.(params)
  })
  connection.onRequest('window/showDocument', (params) => {
    shown.push(params)
    return { success: true }
  })
  const created = []
  connection.onRequest('window/workDoneProgress/create', ({ token }) => {
    created.push(token)
    return null
  })
  connection.listen()

  const uriOf = (folder) => pathToFileURL(folder).href
  const { capabilities } = await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: uriOf(root),
    workspaceFolders: folders.map((folder) => ({ uri: uriOf(folder), name: path.basename(folder) })),
    capabilities: announced,
  })

  return {
    capabilities,
    /** The notifications of a method, in their order. */
    told: (method) => heard.filter((each) => each.method === method).map(({ params }) => params),
    shown,
    /** Progresses that the server wanted to show. */
    created,
    pid: child.pid,
    on: (method, listener) => listeners.set(method, listener),
    /** An editor is ready to hear only once it has said so. */
    begin: () => connection.sendNotification('initialized', {}),
    ask: (method, params) => connection.sendRequest(method, params),
    tell: (method, params) => connection.sendNotification(method, params),
    async stop() {
      await connection.sendRequest('shutdown')
      await connection.sendNotification('exit')
      const [code] = await exited
      connection.dispose()
      return code
    },
  }
}
