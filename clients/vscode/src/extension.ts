import { type ExtensionContext, commands, window, workspace } from 'vscode'
import { Server } from './server.js'
import { StatusBar } from './status-bar.js'
import { Timelines } from './timeline.js'

let server: Server | undefined

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel('Evenkeel', { log: true })
  const bar = new StatusBar('evenkeel.timeline')
  const timelines = new Timelines(context)
  const started = new Server(
    log,
    (status) => (status ? bar.show(status) : bar.hide()),
    (url) => timelines.show(url),
  )
  server = started

  const execute = (command: string) => async () => {
    try {
      await started.execute(command, window.activeTextEditor?.document.uri.toString())
    } catch (error) {
      void window.showErrorMessage(error instanceof Error ? error.message : String(error))
    }
  }
  context.subscriptions.push(
    log,
    bar,
    timelines,
    // The language client registers the server's own commands under their own names.
    commands.registerCommand('evenkeel.restart', execute('evenkeel.restartDevServer')),
    commands.registerCommand('evenkeel.timeline', execute('evenkeel.showTimeline')),
    commands.registerCommand('evenkeel.log', () => log.show()),
    workspace.onDidChangeConfiguration(async (change) => {
      if (!change.affectsConfiguration('evenkeel.binary')) return
      await started.stop()
      await started.start()
    }),
  )
  await started.start()
}

export async function deactivate(): Promise<void> {
  await server?.stop()
}
