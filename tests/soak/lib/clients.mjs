// Those who use the app while others work on it.
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { keyOf, latePages } from '../../apps/pages/table.mjs'
import { isRight, visit } from '../../e2e/lib/visit.mjs'

const clientCount = 14
/** Who has no answer by then has none. */
const hungMs = 15_000
const megabyte = Buffer.alloc(1 << 20, 'even keel ')
const megabyteHash = createHash('sha256').update(megabyte).digest('hex')

export function startClients(site, random) {
  return Array.from({ length: clientCount }, (_, number) => client(site, random.beside(number), number))
}

async function client(site, random, number) {
  for (let turn = 1; !site.ending; turn++) {
    await pause(random.between(20, 300))
    const wish = random.weighted(wishes)(site, random, `${site.name}-${number}-${turn}`)
    if (wish) await ask(site, wish)
  }
}

/** Asks, judges and counts. An answer that nobody waits for is not judged. */
export async function ask(site, { what, path, abortAfter, ...wish }) {
  const from = performance.now()
  const patience = AbortSignal.timeout(abortAfter ?? hungMs)
  const result = await visit(site.app, { path, ...wish }, { ...wish, signal: patience })
  const until = performance.now()
  const gaveUp = patience.aborted && result.status === 0
  if (abortAfter && gaveUp) return site.tally.count(what, 'given up by its client', until - from)
  const asked = { ...wish, ...result, what, path, from, until, hung: gaveUp }
  site.tally.judged(asked, site)
  return asked
}

export function pageOf(slot, { method = 'GET', what = `${method} page` } = {}) {
  const right = ({ status, text, ...span }) =>
    status === 200 && (method === 'HEAD' ? text === '' : slot.bodies(span).includes(text))
  return { what, method, path: slot.path, right, excuse: slot.excuseOf }
}

function actionOf(site, slot, id, abortAfter) {
  const note = `note of ${id}`
  const right = ({ status, text, ...span }) => status === 200 && slot.bodies(span, note).includes(text)
  const headers = { 'x-ledger': site.ledger.urlFor(id) }
  return { what: 'POST page', method: 'POST', path: `/post/${slot.number}`, body: note, headers, right, excuse: slot.excuseOf, abortAfter }
}

function dripOf(slot) {
  const firstChunk = '<!-- first chunk -->'
  const right = ({ status, text, ...span }) => status === 200 && slot.bodies(span).some((body) => text === firstChunk + body)
  return { what: 'GET stream', path: `/drip/${slot.number}`, right, firstChunk, excuse: slot.excuseOf }
}

const tablePage = (page) => ({ ...page, what: `${page.method} table`, right: (asked) => isRight(page, asked) })
const upload = {
  what: 'POST 1 MB',
  method: 'POST',
  path: '/echo',
  body: megabyte,
  right: ({ status, text }) => status === 200 && text.includes(`"length":${megabyte.length},"sha256":"${megabyteHash}"`),
}
const ownFailure = { what: 'GET own 500', path: '/status/500', right: ({ status, text }) => status === 500 && text === 'user 500' }
const slow = { what: 'GET slow', path: '/slow?ms=700', right: ({ status, text }) => status === 200 && text === 'slow 700' }

const wishes = [
  [40, (site, random) => pageOf(random.of(site.slots))],
  [8, (site, random) => pageOf(random.of(site.slots), { method: 'HEAD' })],
  [16, (site, random, id) => actionOf(site, random.of(site.pages), id)],
  [8, (site, random) => dripOf(random.of(site.pages))],
  [5, (site, random) => ({ ...pageOf(random.of(site.slots)), what: 'GET aborted', abortAfter: random.between(1, 200) })],
  [3, (site, random, id) => ({ ...actionOf(site, random.of(site.pages), id, random.between(1, 200)), what: 'POST aborted' })],
  [8, (site, random) => tablePage(random.of(latePages))],
  [4, () => upload],
  [3, () => ownFailure],
  [3, () => slow],
]
