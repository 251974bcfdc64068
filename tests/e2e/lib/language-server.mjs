import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from 'vscode-jsonrpc/node'
import { binary } from './paths.mjs'

const capabilities = {
  window: { workDoneProgress: true },
  textDocument: { publishDiagnostics: {}, codeAction: { isPreferredSupport: true } },
  workspace: { workspaceFolders: true },
}

/** `evenkeel lsp` in a folder, as an editor starts it. */
export async function startLanguageServer(root) {
  const child = spawn(binary, ['lsp'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin))
  const heard = []
  connection.onNotification((method, params) => heard.push({ method, params }))
  connection.onRequest('window/workDoneProgress/create', () => null)
  connection.listen()

  const uri = pathToFileURL(root).href
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: uri,
    workspaceFolders: [{ uri, name: path.basename(root) }],
    capabilities,
  })

  return {
    /** The notifications of a method, in their order. */
    told: (method) => heard.filter((each) => each.method === method).map(({ params }) => params),
    pid: child.pid,
    /** An editor is ready to hear only once it has said so. */
    begin: () => connection.sendNotification('initialized', {}),
    ask: (method, params) => connection.sendRequest(method, params),
    async stop() {
      await connection.sendRequest('shutdown')
      await connection.sendNotification('exit')
      const [code] = await exited
      connection.dispose()
      return code
    },
  }
}
