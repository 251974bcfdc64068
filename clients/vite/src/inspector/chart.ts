import type { Reoptimization } from '../protocol.js'
import { element, svg } from './dom.js'
import { clock } from './words.js'

/** A re-optimization and when it was. */
export interface Happened {
  record: Reoptimization
  at: number
}

type Way = Reoptimization['met'] | 'failed'

export const wayOf = ({ met, outcome }: Reoptimization): Way => (outcome === 'failed' ? 'failed' : met)

/** From the calmest to the one that cost most. */
export const WAYS: Array<[Way, string]> = [
  ['added', 'Added'],
  ['foreseen', 'Foreseen'],
  ['missed', 'Missed'],
  ['held', 'Held'],
  ['recovered', 'Answered again'],
  ['failed', 'Failed'],
]

const COLUMNS = 60
const [WIDTH, HEIGHT] = [600, 60]
const LEAST_SPAN_MS = 60_000

/** Re-optimizations over time, stacked by the way they were met, and how many there were of each. */
export function chart(happened: Happened[], now: number): HTMLElement[] {
  const from = Math.min(...happened.map(({ at }) => at), now - LEAST_SPAN_MS)
  const columns = Array.from({ length: COLUMNS }, () => new Map<Way, number>())
  for (const { record, at } of happened) {
    const column = columns[Math.min(COLUMNS - 1, Math.floor(((at - from) / (now - from)) * COLUMNS))]!
    const way = wayOf(record)
    column.set(way, (column.get(way) ?? 0) + 1)
  }
  const highest = Math.max(4, ...columns.map((column) => [...column.values()].reduce((sum, count) => sum + count, 0)))
  const bars = columns.flatMap((column, at) => barsOf(column, at, HEIGHT / highest))
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': spoken(happened) },
    ...bars,
  )
  return [
    element('div', { class: 'bars' }, picture),
    element('div', { class: 'axis quiet' }, element('span', {}, clock(new Date(from))), element('span', {}, 'now')),
    legend(happened),
  ]
}

function barsOf(column: Map<Way, number>, at: number, unit: number): SVGElement[] {
  const width = WIDTH / COLUMNS
  let top = HEIGHT
  return WAYS.flatMap(([way]) => {
    const count = column.get(way)
    if (!count) return []
    top -= count * unit
    const [x, y, height] = [at * width + 1, top + 1, count * unit - 1].map(String)
    return [svg('rect', { x: x!, y: y!, width: String(width - 2), height: height!, 'data-way': way })]
  })
}

function legend(happened: Happened[]): HTMLElement {
  const entries = WAYS.map(([way, name]) =>
    element('li', { 'data-way': way }, `${name} `, element('b', { 'data-met': way }, String(numberOf(happened, way)))),
  )
  return element('ul', { class: 'legend' }, ...entries)
}

const numberOf = (happened: Happened[], way: Way) => happened.filter(({ record }) => wayOf(record) === way).length

function spoken(happened: Happened[]): string {
  const parts = WAYS.map(([way, name]) => [numberOf(happened, way), name.toLowerCase()] as const).filter(
    ([number]) => number > 0,
  )
  return `Re-optimizations over time: ${parts.map((part) => part.join(' ')).join(', ') || 'none'}`
}
