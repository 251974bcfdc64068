import type { Past } from './inspector/messages.js'
import type { Sidecar } from './sidecar.js'

/** How many re-optimizations of earlier sidecars are kept. */
const MOST_KEPT = 256

/** A changed option starts another sidecar, and a restart of Vite may make a second copy of this module. */
const REGISTRY = Symbol.for('evenkeel.history')

function registry(): Map<string, Past[]> {
  const holder = globalThis as { [REGISTRY]?: Map<string, Past[]> }
  return (holder[REGISTRY] ??= new Map())
}

export const historyOf = (project: string): Past[] => registry().get(project) ?? []

/** Asks a sidecar that is about to end for what it has seen. */
export async function keepHistory(project: string, sidecar: Sidecar): Promise<void> {
  if (sidecar.trouble !== undefined) return
  const status = await sidecar.request('status', {})
  if (!status || status.records.length === 0) return
  const kept = [...historyOf(project), { began: Date.now() - status.uptimeMs, records: status.records }]
  while (kept.length > 1 && kept.reduce((sum, { records }) => sum + records.length, 0) > MOST_KEPT) kept.shift()
  registry().set(project, kept)
}
