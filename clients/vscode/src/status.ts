/** What the language server tells by `experimental/serverStatus`, each time that it changes, as far as the status bar shows it. */
export interface ServerStatus {
  health: 'ok' | 'warning' | 'error'
  quiescent: boolean
  /** For a person to read. */
  message: string
  /** Absent where no dev server runs. */
  activity?: { title: string }
}

export interface StatusBarContent {
  text: string
  tooltip: string
  tone: 'plain' | 'warning' | 'error'
}

const ICONS = { ok: 'check', warning: 'warning', error: 'error' }

export function statusBarContent({ health, quiescent, message, activity }: ServerStatus): StatusBarContent {
  const tone = health === 'ok' ? 'plain' : health
  const tooltip = `Evenkeel: ${message}`
  if (activity && !quiescent) return { text: `$(sync~spin) ${activity.title}`, tooltip, tone }
  const icon = health === 'ok' && !activity ? 'circle-outline' : ICONS[health]
  return { text: `$(${icon}) Evenkeel`, tooltip, tone }
}
