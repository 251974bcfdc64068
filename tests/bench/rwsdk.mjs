// How long a person who works on a RedwoodSDK app waits from a save that brings in a new dependency until Chromium shows it: added
// to a client component, to a server component, and to an action whose button is clicked as soon as the page knows of the save.
// The published stack and Evenkeel's preset in turn, in one run.
//
//   node rwsdk.mjs [--json] [--each] [--stacks stock,evenkeel] [--saves N]
//
// `--each` prints every save as it is measured. `beside` is a third stack: Evenkeel beside untouched plugins, without the preset.
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { actionSpares, clientSpares, serverSpares } from '../apps/rwsdk/spares.mjs'
import { openBrowser } from '../e2e/lib/browser.mjs'
import { act, add, count, openPage, reopen, startRwsdk, type } from '../e2e/lib/rwsdk.mjs'
import { runs, stateOf, untilAlive, untilTold } from '../e2e/lib/rwsdk.mjs'
import { median, printTable } from './lib/report.mjs'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    each: { type: 'boolean' },
    stacks: { type: 'string', default: 'stock,evenkeel' },
    saves: { type: 'string', default: '5' },
  },
})

const environments = {
  stock: {},
  evenkeel: { EVENKEEL: 'last', EVENKEEL_OPTIONS: '{"log":"warn"}' },
  beside: { EVENKEEL: 'last', EVENKEEL_OPTIONS: '{"log":"warn"}', RWSDK_PLUGINS: 'stock' },
}
const kinds = { client: clientSpares, server: serverSpares, action: actionSpares }
const saves = Number(options.saves)

/** As long as a person would wait before trying something else. */
const patienceMs = 15_000
/** What a save started and nobody waits for must not be counted against the next one. */
const settleMs = 1_500

const stacks = await availableStacks()
const samples = await measure(stacks)
report()

async function availableStacks() {
  const asked = options.stacks.split(',')
  for (const stack of asked) if (!environments[stack]) throw new Error(`no stack called "${stack}"`)
  if (!asked.includes('evenkeel') || (await presetExists())) return asked
  console.error('evenkeel: skipped, its build has no preset called "rwsdk"')
  return asked.filter((stack) => stack !== 'evenkeel')
}

async function presetExists() {
  const built = await import('evenkeel').catch(() => ({}))
  return typeof built.rwsdk === 'function'
}

async function measure(stacks) {
  const running = []
  const browser = await openBrowser()
  try {
    for (const stack of stacks) {
      const app = await startRwsdk({ env: environments[stack] })
      running.push({ stack, app })
      running.at(-1).tab = await openPage(browser, app)
    }
    const found = []
    for (const [kind, spares] of Object.entries(kinds)) {
      // The first of a kind pays for what is loaded once, and is not counted.
      for (const [index, spare] of spares.slice(0, saves + 1).entries()) {
        // Whoever comes second may profit from the first.
        for (const { stack, app, tab } of index % 2 ? running : running.toReversed()) {
          const sample = { stack, kind, dep: spare.dep, ...(await saveAndLook(app, tab, spare)) }
          if (index > 0) found.push(sample)
          if (options.each) console.error(JSON.stringify(sample))
        }
      }
    }
    return found
  } finally {
    await browser.close()
    for (const { app } of running) await app.stop()
  }
}

async function saveAndLook(app, tab, spare) {
  const { page, seen } = tab
  // The browser serves a tab behind another one a second late.
  await page.bringToFront()
  await reopen(tab)
  await type(page, 'typed')
  await count(page)
  await pause(settleMs)
  const before = { ran: await runs(app), documents: seen.documents, trouble: troubleOf(seen), state: await stateOf(page) }

  const told = untilTold(tab, spare.kind)
  const savedAt = performance.now()
  await add(app, spare)
  const clicks = spare.kind === 'action' ? await clickUntilShown(told, page, spare) : 0
  const shown = await isSeen(page, spare.shows)
  const ms = performance.now() - savedAt

  await told.catch(isFalse)
  await pause(settleMs)
  // A page that never comes alive again is a result, too.
  const state = await untilAlive(page).then(() => stateOf(page), () => ({}))
  return {
    shown,
    ms: shown ? ms : undefined,
    loads: seen.documents - before.documents,
    ...troubleOf(seen, before.trouble),
    kept: state.counted === before.state.counted && state.note === before.state.note,
    clicks,
    ran: (await runs(app)) - before.ran,
  }
}

/** Clicks once, and again only when that gave nothing for as long as a person would wait. */
async function clickUntilShown(told, page, spare) {
  await told
  for (let clicks = 1; ; clicks++) {
    await act(page)
    const shown = await isSeen(page, spare.shows)
    if (shown || clicks === 2) return clicks
  }
}

/** How much of each kind went wrong, since `before`. */
function troubleOf({ pageErrors, consoleErrors, failures }, before = { pageErrors: 0, consoleErrors: 0, failures: 0 }) {
  return {
    pageErrors: pageErrors.length - before.pageErrors,
    consoleErrors: consoleErrors.length - before.consoleErrors,
    failures: failures.length - before.failures,
  }
}

/** Looks every 20 ms: Playwright's locators look twice a second in the end, which is what would be measured. */
function isSeen(page, text) {
  const looks = (expected) => document.body?.innerText.includes(expected)
  return page.waitForFunction(looks, text, { timeout: patienceMs, polling: 20 }).then(isTrue, isFalse)
}

function isTrue() {
  return true
}

function isFalse() {
  return false
}

function report() {
  const rows = Object.keys(kinds).flatMap((kind) => stacks.map((stack) => summarize(stack, kind)))
  const msOf = (stack, kind) => rows.find((row) => row.stack === stack && row.kind === kind)?.ms
  const against = stacks.find((stack) => stack !== 'stock')
  const ratios = {}
  if (against && stacks.includes('stock')) {
    for (const kind of Object.keys(kinds)) ratios[kind] = Number((msOf(against, kind) / msOf('stock', kind)).toFixed(2))
  }
  if (options.json) return console.log(JSON.stringify({ saves, rows, against, ratios }))
  printTable(Object.fromEntries(rows.map(({ stack, kind, ...row }) => [`${kind}, ${stack}`, row])))
  if (against) printTable({ [`${against}/stock`]: ratios })
}

function summarize(stack, kind) {
  const found = samples.filter((sample) => sample.stack === stack && sample.kind === kind)
  const times = found.map(({ ms }) => ms).filter((ms) => ms !== undefined)
  const total = (name) => found.reduce((sum, sample) => sum + sample[name], 0)
  return {
    stack,
    kind,
    ms: Math.round(median(times)),
    slowest: Math.round(Math.max(...times)),
    shown: `${total('shown')}/${found.length}`,
    loads: total('loads'),
    pageErrors: total('pageErrors'),
    consoleErrors: total('consoleErrors'),
    failures: total('failures'),
    stateKept: `${total('kept')}/${found.length}`,
    ...(kind === 'action' && {
      firstClick: `${found.filter(({ clicks, shown }) => shown && clicks === 1).length}/${found.length}`,
      ranOncePerClick: `${found.filter(({ ran, clicks }) => ran === clicks).length}/${found.length}`,
    }),
  }
}
