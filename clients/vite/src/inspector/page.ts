import type {
  Counts,
  EnvironmentStatus,
  FallbackReason,
  ImportSite,
  LateDependency,
  Phase,
  Reoptimization,
  ServerStatus,
  StatusReport,
} from '../protocol.js'
import { addToConfig, copy, inclusionOf, lineOf, openInEditor, together } from './actions.js'
import { type Happened, WAYS, chart, wayOf } from './chart.js'
import { Rows, type Tone, button, byId, cell, element, mark, number, quiet, remark, setText } from './dom.js'
import { host } from './host.js'
import type { Gone, Inclusion, Past } from './messages.js'
import { clock, consequences, counted, duration, inProject, isRunning, sentence, siteOf, words } from './words.js'

type State = 'connecting' | 'stable' | 'busy' | 'warning' | 'gone' | 'disconnected'

const RECONNECT_MS = 1_000
/** More dependencies of one record are folded. */
const MOST_SHOWN = 5

const COUNTS: Array<[keyof Counts, string]> = [
  ['reoptimizations', 'Re-optimizations'],
  ['reloads', 'Reloads'],
  ['requests', 'Requests'],
  ['held', 'Waited'],
  ['recovered', 'Answered again'],
  ['gaveUp', 'Gave up'],
]

function say(state: State, text: string): void {
  document.body.dataset['state'] = state
  setText(byId('state'), text)
  byId('state').title = text
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

  at(ms: number): number {
    return this.#at + ms
  }

  get age(): number {
    return this.#uptime
  }
}

let root = ''
let token: string | undefined
let past: Past[] = []
let latest: StatusReport | undefined
const epoch = new Epoch()
const environmentRows = new Rows(byId('environments'))
const recordRows = new Rows(byId('records'))

function showActivity({ health, quiescent, message, activity }: ServerStatus): void {
  if (quiescent || !activity) return say(health === 'warning' ? 'warning' : 'stable', sentence(message))
  const named = activity.dependencies
    .slice(0, MOST_SHOWN)
    .map(({ id, importer }) => (importer ? `${id}, imported by ${inRoot(importer)}` : id))
  const more = activity.dependencies.length - named.length
  if (more > 0) named.push(`and ${more} more`)
  say('busy', sentence([activity.title, named.join('; ')].filter(Boolean).join(': ')))
}

function showStatus(status: StatusReport): void {
  latest = status
  epoch.hear(status.uptimeMs)
  showTrouble()
  document.body.dataset['known'] = 'true'
  showActivity(status)
  setText(byId('sidecar'), `Sidecar ${status.version}, running since ${clock(new Date(epoch.at(0)))}`)
  environmentRows.show(
    status.environments,
    ({ name }) => name,
    (environment) => environment,
    environmentRow,
  )
  const happened = history(status)
  showCounts(status, happened)
  byId('chart').replaceChildren(...chart(happened, Date.now()))
  showFallbacks(status)
  showRecords(status, happened)
}

/** Everything that is known to have happened, oldest first. */
function history({ records }: StatusReport): Happened[] {
  const earlier = past.flatMap(({ began, records }) =>
    records.map((record) => ({ record, at: began + record.discoveredAtMs })),
  )
  return [...earlier, ...records.map((record) => ({ record, at: epoch.at(record.discoveredAtMs) }))]
}

function showCounts({ counts }: StatusReport, happened: Happened[]): void {
  const lost = happened.reduce((sum, { record }) => sum + record.costMs, 0)
  const tile = (count: string, label: string, text: string) =>
    element('div', {}, element('dt', {}, label), element('dd', { 'data-count': count }, text))
  const shown = COUNTS.map(([count, label]) => tile(count, label, String(counts[count])))
  byId('counts').replaceChildren(tile('lost', 'Time lost', duration(lost)), ...shown)
}

function showFallbacks({ fallbacks }: StatusReport): void {
  const reasons = Object.entries(fallbacks) as Array<[FallbackReason, number]>
  const shown = reasons.flatMap(([reason, times], at) => [
    at > 0 ? ', ' : 'Bundled everything again: ',
    `${words(reason)} `,
    element('b', { 'data-count': reason }, String(times)),
  ])
  byId('fallbacks').replaceChildren(...shown)
}

function showRecords(status: StatusReport, happened: Happened[]): void {
  const phases = new Map(status.environments.map(({ name, phase }) => [name, phase]))
  const phaseOf = ({ environment }: Reoptimization) => phases.get(environment)
  const isOwn = ({ record }: Happened) => status.records.includes(record)
  const newestFirst = happened.toReversed()
  recordRows.show(
    newestFirst,
    (one) => (isOwn(one) ? `${one.record.id}` : `${one.record.id} of ${Math.round(one.at)}`),
    (one) => [
      one.record,
      clock(new Date(one.at)),
      token,
      isOwn(one) && isRunning(one.record) && [phaseOf(one.record), epoch.age],
    ],
    (one) => recordRow(one, isOwn(one) ? phaseOf(one.record) : undefined),
  )
  byId('timeline').hidden = newestFirst.length === 0
  byId('none').hidden = newestFirst.length > 0
  byId('all').hidden = advisedOf(happened).length === 0
}

/** What is to be added to the config for all that was late. */
function advisedOf(happened: Happened[]): Inclusion[] {
  return together(happened.flatMap(({ record }) => inclusionOf(record) ?? []))
}

const allAdvised = () => (latest ? advisedOf(history(latest)) : [])

function environmentRow({
  name,
  guarded,
  adds,
  phase,
  generation,
  optimized,
  pending,
}: EnvironmentStatus): HTMLElement {
  const label = element('span', {}, name)
  const kind = [...(guarded ? [] : ['watched only']), ...(adds ? ['adds'] : [])].join(', ')
  if (kind) label.append(quiet(` (${kind})`))
  const waiting = pending.join(', ')
  return element(
    'tr',
    { 'data-environment': name },
    element('th', { scope: 'row', 'data-label': 'Name' }, label),
    cell('Phase', mark(phase, toneOf(phase))),
    number('Generation', generation),
    number('Optimized', optimized),
    cell('Waiting', waiting ? element('code', { class: 'line', title: waiting }, waiting) : quiet('nothing')),
  )
}

function toneOf(phase: Phase): Tone {
  if (phase === 'idle') return 'quiet'
  return phase === 'stable' ? 'good' : 'busy'
}

function recordRow({ record, at }: Happened, phase: Phase | undefined): HTMLElement {
  const { id, environment, discoveredAtMs, costMs } = record
  const running = isRunning(record)
  const when = new Date(at)
  const took = (record.stableAtMs ?? epoch.age) - discoveredAtMs
  return element(
    'tr',
    { 'data-record': String(id), 'data-running': String(running) },
    cell('When', element('time', { datetime: when.toISOString() }, clock(when))),
    element('th', { scope: 'row', 'data-label': 'Environment' }, environment),
    cell('Dependencies', causes(record)),
    cell('Happened', ...(running ? [mark(phase && phase !== 'stable' ? phase : 'running', 'busy')] : outcome(record))),
    number('Took', took, duration(took)),
    number('Lost', costMs, duration(costMs)),
  )
}

function outcome(record: Reoptimization): HTMLElement[] {
  const [way, name] = WAYS.find(([way]) => way === wayOf(record))!
  const handled = mark(name, 'quiet')
  handled.dataset['way'] = way
  const urls = (record.affected ?? []).map((request) => element('code', { class: 'quiet' }, request))
  return [handled, remark(consequences(record)), ...urls]
}

function causes(record: Reoptimization): HTMLElement {
  const { dependencies, bundled, fallback } = record
  const block = element('div', {}, listOf(dependencies.slice(0, MOST_SHOWN)))
  const more = dependencies.slice(MOST_SHOWN)
  if (more.length > 0) block.append(element('details', {}, element('summary', {}, `${more.length} more`), listOf(more)))
  if (dependencies.length === 0) block.append(quiet('none that is known'))
  if (bundled?.kind === 'added')
    block.append(
      remark(`${counted(bundled.modules, 'module')} in ${duration(bundled.durationMs)}, beside what was there`),
    )
  if (fallback)
    block.append(
      remark(`Everything was bundled again: ${words(fallback.reason)}${fallback.detail && `, ${fallback.detail}`}`),
    )
  const inclusion = inclusionOf(record)
  if (inclusion) block.append(adviceLine(record.advice, inclusion))
  return block
}

function listOf(dependencies: LateDependency[]): HTMLElement {
  return element('ul', {}, ...dependencies.map((dependency) => element('li', {}, ...cause(dependency))))
}

function cause({ id, importer }: LateDependency): Array<Node | string> {
  const name = element('code', {}, id)
  if (!importer) return [name]
  const site = inRoot(importer)
  // A module that is in no file cannot be opened.
  if (!/^(?:\/|[A-Za-z]:\/)/.test(importer.file))
    return [name, quiet(' imported by '), element('code', { class: 'quiet' }, site)]
  const open = button(site, `Open ${site} in the editor`, () => void openInEditor(siteOf(importer)))
  open.className = 'link'
  return [name, quiet(' imported by '), open]
}

/** Where it is imported, as it is seen from the root of the project. */
function inRoot(importer: ImportSite): string {
  return siteOf({ ...importer, file: inProject(importer.file, root) })
}

function adviceLine(advice: string, inclusion: Inclusion): HTMLElement {
  const ids = inclusion.dependencies.join(', ')
  const buttons = [button('Copy', `Copy the include line for ${ids}`, (pressed) => void copy(advice, pressed))]
  const proof = token
  if (proof)
    buttons.push(
      button('Add to config', `Add to config: ${ids}`, (pressed) => void addToConfig([inclusion], proof, pressed)),
    )
  return element(
    'div',
    { class: 'advice' },
    element('code', {}, advice),
    element('div', { class: 'buttons' }, ...buttons),
  )
}

/** Why there is nobody to tell what happens, and what to do next; nothing, while somebody is. */
function showTrouble(title?: string, why = '', next = ''): void {
  byId('trouble').hidden = title === undefined
  setText(byId('trouble-title'), title ?? '')
  setText(byId('trouble-why'), why)
  setText(byId('trouble-next'), next)
  setText(
    byId('as-it-was'),
    title !== undefined && latest ? `As it was at ${clock(new Date(epoch.at(epoch.age)))}` : '',
  )
}

function showGone({ why, isStarting }: Gone): void {
  say('gone', 'Evenkeel is not running')
  setText(byId('sidecar'), 'No sidecar')
  showTrouble(
    isStarting ? 'Evenkeel is being started' : 'Evenkeel is not running; Vite goes on without it',
    sentence(why),
    isStarting
      ? 'Nothing is to be done: this page goes on by itself.'
      : 'Do what the line above says. Then type r and Enter in the terminal of the dev server, which restarts it.',
  )
}

function showDisconnected(): void {
  say('disconnected', 'Not connected')
  showTrouble(
    'The dev server does not answer',
    'It has been stopped, or is being restarted.',
    'Start it again. This page goes on by itself once it is there.',
  )
}

function connect(): void {
  const events = host.connect()
  const on = <T>(name: string, heard: (data: T) => void) =>
    events.addEventListener(name, ({ data }) => heard(JSON.parse(data) as T))
  on<{ root: string; token?: string }>('project', (project) => {
    root = project.root
    token = project.token
    for (const editing of document.querySelectorAll<HTMLElement>('[data-edits]')) editing.hidden = token === undefined
  })
  on<Past[]>('history', (earlier) => (past = earlier))
  on<StatusReport>('status', showStatus)
  on<ServerStatus>('activity', showActivity)
  on<Gone>('gone', showGone)
  events.addEventListener('error', () => {
    showDisconnected()
    // A browser tries again by itself, unless it was answered with something else than events.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT_MS)
  })
}

byId('all').append(
  button('Copy all', 'Copy all include lines', (pressed) => void copy(lineOf(allAdvised()), pressed)),
  button('Add all to config', 'Add all to config', (pressed) => void addToConfig(allAdvised(), token ?? '', pressed)),
)
byId('all').lastElementChild!.setAttribute('data-edits', '')
connect()
