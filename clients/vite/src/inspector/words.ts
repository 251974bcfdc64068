import type { FallbackReason, ImportSite, Reoptimization } from '../protocol.js'

export const duration = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`)

export const clock = (time: Date) => time.toLocaleTimeString(undefined, { hour12: false })

/** As `evenkeel status` says it. */
const REASONS: Record<FallbackReason, string> = {
  manifestMissing: 'the manifest is missing',
  manifestUnusable: 'the manifest cannot be used',
  fileMissing: 'a file is missing',
  fileChanged: 'a file has changed',
  entryMoved: 'an entry has moved',
  packageChanged: 'a package has changed',
  exportUnknown: 'an export was not found',
  moduleClaimedTwice: 'two layers have the same module',
  loadedUnoptimized: 'a module was loaded without being optimized',
  other: 'another reason',
}

export const words = (reason: FallbackReason) => REASONS[reason] ?? REASONS.other

export const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

export const counted = (number: number, what: string) => (number === 1 ? `1 ${what}` : `${number} ${what}s`)

export const isRunning = ({ stableAtMs }: Reoptimization) => stableAtMs === undefined

/** Who had to wait for a run, or that nobody had to. */
export function consequences({ outcome, met, held, recovered }: Reoptimization): string {
  if (outcome === 'failed') return 'The terminal says why'
  if (outcome === 'abandoned') return 'Its environment was closed before'
  if (met === 'added' || (outcome === 'extended' && held + recovered === 0)) return 'Nothing reloaded'
  const parts = [
    ...(held > 0 ? [`${counted(held, 'request')} waited`] : []),
    ...(recovered > 0 ? [`${counted(recovered, 'request')} answered again`] : []),
  ]
  if (parts.length > 0) return sentence(parts.join(', '))
  return met === 'foreseen' ? 'No request had to wait' : 'Reloaded'
}

export const siteOf = ({ file, line, column }: ImportSite) =>
  [file, line, column].filter((part) => part !== undefined).join(':')

/** A file's path as it is seen from the root of the project. */
export function inProject(file: string, root: string): string {
  const [from, to] = [root.split('/'), file.split('/')]
  const parting = to.findIndex((part, at) => part !== from[at])
  const common = parting < 0 ? to.length : parting
  // On another drive, or with nothing in common but the root of all.
  if (common < 2) return file
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/')
}
