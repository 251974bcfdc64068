import { DEFAULT_POLICY, type Policy } from './protocol.js'

/** What a user may set; everything has a default. */
export interface EvenkeelOptions {
  /** Add late dependencies to what has been optimized, so that nothing is reloaded. Default `true`. */
  additive?: boolean
  /** Re-optimize before a request comes. Default `true`. */
  foresee?: boolean
  /** How many milliseconds a crawl ahead of requests may take. Default 5 000. */
  foreseeBudget?: number
  /**
   * Also remember late dependencies in a file that a team can commit: `true` for `evenkeel.deps.json` in the root, or
   * another name. Default `false`: they are remembered in Vite's `cacheDir` only.
   */
  learn?: boolean | string
  /** Hold requests in front of an environment that is not stable. Default `true`. */
  hold?: boolean
  /** Re-issue requests that a re-optimization doomed. Default `true`. */
  recover?: boolean
  /** Names of the environments to guard. Default: every server environment that optimizes dependencies. */
  environments?: string[]
  /** Milliseconds without module activity before an environment counts as stable again. Default 20. */
  quiet?: number
  /** The same for a module runner that is not known to import again by itself. Default 500. */
  debounce?: number
  /** How many milliseconds a request may be kept waiting altogether, with those that it is re-issued as. Default 10 000. */
  deadline?: number
  /** How many milliseconds any other call to the sidecar may take before Vite goes on without it. Default 1 000. */
  callDeadline?: number
  /** What to print: everything that happened (`info`), only trouble (`warn`), or nothing. Default `info`. */
  log?: 'info' | 'warn' | 'silent'
}

export type ResolvedOptions = Required<Omit<EvenkeelOptions, 'environments'>> & {
  environments: string[] | undefined
}

/** What the sidecar has a default for has it there. */
const DEFAULTS: ResolvedOptions = {
  additive: true,
  foresee: DEFAULT_POLICY.foresee,
  foreseeBudget: DEFAULT_POLICY.foreseeBudgetMs,
  learn: false,
  hold: DEFAULT_POLICY.hold,
  recover: DEFAULT_POLICY.recover,
  environments: undefined,
  quiet: DEFAULT_POLICY.quietMs,
  debounce: DEFAULT_POLICY.debounceMs,
  deadline: DEFAULT_POLICY.deadlineMs,
  callDeadline: 1_000,
  log: 'info',
}

/** Fills in the defaults; an option that does not exist or has the wrong shape is the user's typing mistake. */
export function resolveOptions(options: EvenkeelOptions = {}): ResolvedOptions {
  for (const [name, value] of Object.entries(options)) {
    const problem = value === undefined ? undefined : problemOf(name, value)
    if (problem) throw new Error(`evenkeel({ ${name} }): ${problem}`)
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...DEFAULTS, ...Object.fromEntries(given) }
}

/** Timers of Node wait for no more than 25 days, and the sidecar is given a multiple of some options. */
const DAY_MS = 86_400_000

function problemOf(name: string, value: unknown): string | undefined {
  switch (name) {
    case 'additive':
    case 'foresee':
    case 'hold':
    case 'recover':
      return typeof value === 'boolean' ? undefined : 'must be true or false'
    case 'learn':
      return ['boolean', 'string'].includes(typeof value) ? undefined : 'must be true, false or a file name'
    case 'foreseeBudget':
    case 'quiet':
    case 'debounce':
    case 'deadline':
    case 'callDeadline':
      return isMilliseconds(value) ? undefined : 'must be a whole number of milliseconds, and no more than a day'
    case 'environments':
      return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
        ? undefined
        : 'must be an array of environment names'
    case 'log':
      return ['info', 'warn', 'silent'].includes(value as string) ? undefined : "must be 'info', 'warn' or 'silent'"
    default:
      return `there is no such option; the options are ${Object.keys(DEFAULTS).join(', ')}`
  }
}

function isMilliseconds(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= DAY_MS
}

export function policyOf(options: ResolvedOptions): Partial<Policy> {
  return {
    foresee: options.foresee,
    foreseeBudgetMs: options.foreseeBudget,
    hold: options.hold,
    recover: options.recover,
    quietMs: options.quiet,
    debounceMs: options.debounce,
    deadlineMs: options.deadline,
  }
}
