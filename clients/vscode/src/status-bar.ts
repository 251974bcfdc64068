import { type Disposable, type StatusBarItem, StatusBarAlignment, ThemeColor, window } from 'vscode'
import { type ServerStatus, statusBarContent } from './status.js'

const COLORS = { warning: 'statusBarItem.warningBackground', error: 'statusBarItem.errorBackground' }

export class StatusBar implements Disposable {
  readonly #item: StatusBarItem

  constructor(command: string) {
    this.#item = window.createStatusBarItem('evenkeel', StatusBarAlignment.Left)
    this.#item.name = 'Evenkeel'
    this.#item.command = command
  }

  show(status: ServerStatus): void {
    const { text, tooltip, tone } = statusBarContent(status)
    this.#item.text = text
    this.#item.tooltip = tooltip
    this.#item.backgroundColor = tone === 'plain' ? undefined : new ThemeColor(COLORS[tone])
    this.#item.show()
  }

  hide(): void {
    this.#item.hide()
  }

  dispose(): void {
    this.#item.dispose()
  }
}
