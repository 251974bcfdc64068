import type { Counts, EnvironmentStatus, FallbackReason, ImportSite, LateDependency, Phase, Reoptimization, ServerStatus, StatusReport } from '../protocol.js'

type State = 'stable' | 'busy' | 'warning' | 'gone' | 'disconnected'
type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet'

const RECONNECT_MS = 1_000
const COPIED_MS = 1_500
/** More dependencies of one record are folded. */
const MOST_SHOWN = 5

const COUNTS: Array<[keyof Counts, string]> = [
  ['reoptimizations', 'Re-optimizations'],
  ['added', 'Added'],
  ['reloads', 'Reloads'],
  ['requests', 'Requests'],
  ['held', 'Requests held'],
  ['recovered', 'Requests recovered'],
  ['gaveUp', 'Gave up'],
]

const TONES: Record<Reoptimization['met'] | Reoptimization['outcome'], Tone> = {
  added: 'good',
  foreseen: 'good',
  held: 'good',
  recovered: 'warn',
  missed: 'quiet',
  running: 'busy',
  extended: 'quiet',
  reloaded: 'quiet',
  failed: 'bad',
  abandoned: 'quiet',
}

const byId = (id: string): HTMLElement => document.getElementById(id)!

/** An element with attributes and children. Texts stay texts: nothing is ever parsed as HTML. */
function element(name: string, attributes: Record<string, string> = {}, ...children: Array<Node | string>): HTMLElement {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

const mark = (text: string, tone: Tone) => element('span', { class: 'mark', 'data-tone': tone }, text)

const cell = (label: string, ...children: Array<Node | string>) => element('td', { 'data-label': label }, ...children)

/** A nought is no news. */
const number = (label: string, value: number, text = String(value)) =>
  element('td', { 'data-label': label, class: value === 0 ? 'number quiet' : 'number' }, text)

const duration = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`)

const clock = (time: Date) => time.toLocaleTimeString(undefined, { hour12: false })

/** `package changed` */
const words = (reason: FallbackReason) => reason.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function say(state: State, text: string): void {
  document.body.dataset['state'] = state
  const place = byId('state')
  // Setting the same text anew would make a screen reader say it anew.
  if (place.textContent !== text) place.textContent = text
}

/** When the sidecar's clock began, by the browser's. It tells only how old it is, and that arrives late, never early. */
class Epoch {
  #at = Infinity
  #uptime = 0

  hear(uptimeMs: number): void {
    if (uptimeMs < this.#uptime) this.#at = Infinity
    this.#uptime = uptimeMs
    this.#at = Math.min(this.#at, Date.now() - uptimeMs)
  }

  date(ms: number): Date {
    return new Date(this.#at + ms)
  }

  get age(): number {
    return this.#uptime
  }
}

/** Rows that stay as they are while what they show stays the same, with the focus and the selection in them. */
class Rows {
  readonly #place: HTMLElement
  readonly #rows = new Map<string, { shows: string; row: HTMLElement }>()

  constructor(place: HTMLElement) {
    this.#place = place
  }

  show<T>(items: T[], keyOf: (item: T) => string, shownOf: (item: T) => unknown, rowOf: (item: T) => HTMLElement): void {
    const keys = new Set(items.map(keyOf))
    for (const [key, { row }] of this.#rows) {
      if (keys.has(key)) continue
      row.remove()
      this.#rows.delete(key)
    }
    for (const [at, item] of items.entries()) {
      const key = keyOf(item)
      const shows = JSON.stringify(shownOf(item))
      const known = this.#rows.get(key)
      if (known?.shows !== shows) {
        const row = rowOf(item)
        known?.row.remove()
        this.#rows.set(key, { shows, row })
      }
      const { row } = this.#rows.get(key)!
      if (this.#place.children[at] !== row) this.#place.insertBefore(row, this.#place.children[at] ?? null)
    }
  }
}

let root = ''
const epoch = new Epoch()
const environmentRows = new Rows(byId('environments'))
const recordRows = new Rows(byId('records'))

function showActivity({ health, quiescent, message, activity }: ServerStatus): void {
  if (quiescent || !activity) return say(health === 'warning' ? 'warning' : 'stable', sentence(message))
  const named = activity.dependencies.slice(0, MOST_SHOWN).map(({ id, importer }) => (importer ? `${id}, imported by ${siteOf(importer)}` : id))
  const more = activity.dependencies.length - named.length
  if (more > 0) named.push(`and ${more} more`)
  say('busy', sentence([activity.title, named.join('; ')].filter(Boolean).join(': ')))
}

function showStatus(status: StatusReport): void {
  epoch.hear(status.uptimeMs)
  showActivity(status)
  byId('sidecar').textContent = `Sidecar ${status.version}, running since ${clock(epoch.date(0))}`
  showCounts(status)
  environmentRows.show(status.environments, ({ name }) => name, (environment) => environment, environmentRow)
  const phases = new Map(status.environments.map(({ name, phase }) => [name, phase]))
  const phaseOf = ({ environment }: Reoptimization) => phases.get(environment)
  const newestFirst = status.records.toReversed()
  recordRows.show(
    newestFirst,
    ({ id }) => String(id),
    (record) => [record, epoch.date(record.discoveredAtMs).getSeconds(), isRunning(record) && [phaseOf(record), epoch.age]],
    (record) => recordRow(record, phaseOf(record)),
  )
  byId('timeline').hidden = newestFirst.length === 0
  byId('none').hidden = newestFirst.length > 0
}

function showCounts({ counts, fallbacks }: StatusReport): void {
  const counted = (count: string, label: string, text: string) =>
    element('div', {}, element('dt', {}, label), element('dd', { 'data-count': count }, text))
  const shown = COUNTS.map(([count, label]) => counted(count, label, String(counts[count])))
  const reasons = Object.entries(fallbacks) as Array<[FallbackReason, number]>
  for (const [reason, times] of reasons) shown.push(counted(reason, `Fell back: ${words(reason)}`, String(times)))
  byId('counts').replaceChildren(...shown)
}

function environmentRow({ name, guarded, adds, phase, generation, optimized, pending }: EnvironmentStatus): HTMLElement {
  const label = element('span', {}, name)
  const kind = [...(guarded ? [] : ['watched only']), ...(adds ? ['adds'] : [])].join(', ')
  if (kind) label.append(element('span', { class: 'quiet' }, ` (${kind})`))
  return element(
    'tr',
    { 'data-environment': name },
    element('th', { scope: 'row', 'data-label': 'Name' }, label),
    cell('Phase', mark(phase, toneOf(phase))),
    number('Generation', generation),
    number('Optimized', optimized),
    cell('Waiting', pending.length > 0 ? element('code', {}, pending.join(', ')) : element('span', { class: 'quiet' }, 'nothing')),
  )
}

function toneOf(phase: Phase): Tone {
  if (phase === 'idle') return 'quiet'
  return phase === 'stable' ? 'good' : 'busy'
}

const isRunning = ({ stableAtMs }: Reoptimization) => stableAtMs === undefined

function recordRow(record: Reoptimization, phase: Phase | undefined): HTMLElement {
  const { id, environment, outcome, met, discoveredAtMs, costMs, held, recovered } = record
  const running = isRunning(record)
  const when = epoch.date(discoveredAtMs)
  const took = (record.stableAtMs ?? epoch.age) - discoveredAtMs
  const now = running && phase && phase !== 'stable' ? mark(phase, 'busy') : mark(outcome, TONES[outcome])
  return element(
    'tr',
    { 'data-record': String(id), 'data-running': String(running) },
    cell('When', element('time', { datetime: when.toISOString() }, clock(when))),
    element('th', { scope: 'row', 'data-label': 'Environment' }, environment),
    cell('Dependencies', causes(record)),
    cell('Outcome', now),
    // What will have met it is known when it is over, unless it was foreseen.
    cell('Met', running && met === 'missed' ? '…' : mark(met, TONES[met])),
    number('Took', took, duration(took)),
    number('Cost', costMs, duration(costMs)),
    number('Held', held),
    number('Recovered', recovered),
  )
}

function causes({ dependencies, bundled, fallback, advice }: Reoptimization): HTMLElement {
  const block = element('div', {}, listOf(dependencies.slice(0, MOST_SHOWN)))
  const more = dependencies.slice(MOST_SHOWN)
  if (more.length > 0) block.append(element('details', {}, element('summary', {}, `${more.length} more`), listOf(more)))
  if (dependencies.length === 0) block.append(element('span', { class: 'quiet' }, 'none that is known'))
  if (bundled?.kind === 'added') block.append(remark(`Layer ${bundled.layer}: ${bundled.modules} modules in ${duration(bundled.durationMs)}`))
  if (fallback) block.append(remark(`Everything was bundled again: ${words(fallback.reason)}${fallback.detail && `, ${fallback.detail}`}`))
  if (advice) block.append(adviceLine(advice, dependencies))
  return block
}

const remark = (text: string) => element('div', { class: 'quiet' }, text)

function listOf(dependencies: LateDependency[]): HTMLElement {
  return element('ul', {}, ...dependencies.map((dependency) => element('li', {}, ...cause(dependency))))
}

function cause({ id, importer }: LateDependency): Array<Node | string> {
  const name = element('code', {}, id)
  if (!importer) return [name]
  return [name, element('span', { class: 'quiet' }, ' imported by '), element('code', { class: 'quiet' }, siteOf(importer))]
}

function siteOf({ file, line, column }: ImportSite): string {
  return [inProject(file), line, column].filter((part) => part !== undefined).join(':')
}

/** A file's path as it is seen from the root of the project. */
function inProject(file: string): string {
  const [from, to] = [root.split('/'), file.split('/')]
  const parting = to.findIndex((part, at) => part !== from[at])
  const common = parting < 0 ? to.length : parting
  // On another drive, or with nothing in common but the root of all.
  if (common < 2) return file
  return [...from.slice(common).map(() => '..'), ...to.slice(common)].join('/')
}

function adviceLine(advice: string, dependencies: LateDependency[]): HTMLElement {
  const text = element('code', {}, advice)
  const name = `Copy the include line for ${dependencies.map(({ id }) => id).join(', ')}`
  const button = element('button', { type: 'button', 'aria-label': name }, 'Copy')
  button.addEventListener('click', () => void copy(text, button))
  return element('div', { class: 'advice' }, text, button)
}

async function copy(text: HTMLElement, button: HTMLElement): Promise<void> {
  const done = await write(text)
  byId('told').textContent = button.textContent = done ? 'Copied' : 'Not copied'
  setTimeout(() => {
    byId('told').textContent = ''
    button.textContent = 'Copy'
  }, COPIED_MS)
}

async function write(text: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text.textContent ?? '')
    return true
  } catch {
    // A browser has no clipboard for a page that comes over plain HTTP from another machine.
    getSelection()?.selectAllChildren(text)
    return document.execCommand('copy')
  }
}

function connect(): void {
  const events = new EventSource('events')
  events.addEventListener('project', ({ data }: MessageEvent<string>) => {
    root = (JSON.parse(data) as { root: string }).root
  })
  events.addEventListener('status', ({ data }: MessageEvent<string>) => showStatus(JSON.parse(data) as StatusReport))
  events.addEventListener('activity', ({ data }: MessageEvent<string>) => showActivity(JSON.parse(data) as ServerStatus))
  events.addEventListener('gone', ({ data }: MessageEvent<string>) => {
    const { why } = JSON.parse(data) as { why: string }
    say('gone', sentence(why))
    byId('sidecar').textContent = 'No sidecar'
  })
  events.addEventListener('error', () => {
    say('disconnected', 'Not connected')
    // A browser tries again by itself, unless it was answered with something else than events.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT_MS)
  })
}

connect()
