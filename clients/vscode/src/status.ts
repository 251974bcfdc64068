/** What the language server tells by `experimental/serverStatus`, each time that it changes. */
export interface ServerStatus {
  health: 'ok' | 'warning' | 'error'
  quiescent: boolean
  message: string
}

export interface StatusBarContent {
  text: string
  tooltip: string
  tone: 'plain' | 'warning' | 'error'
}

const NO_DEV_SERVER = 'no dev server'
const ICONS = { ok: 'check', warning: 'warning', error: 'error' }

export function statusBarContent({ health, quiescent, message }: ServerStatus): StatusBarContent {
  const tone = health === 'ok' ? 'plain' : health
  if (quiescent) {
    const icon = health === 'ok' && message === NO_DEV_SERVER ? 'circle-outline' : ICONS[health]
    return { text: `$(${icon}) Evenkeel`, tooltip: `Evenkeel: ${message}`, tone }
  }
  return { text: `$(sync~spin) ${activity(message)}`, tooltip: `Evenkeel: ${message}`, tone }
}

/** The message begins with what is being done: `re-optimizing worker: …`, `reloading worker`. */
function activity(message: string): string {
  return /^[\w-]+/.exec(message)?.[0] ?? 'working'
}
