// Adds popular packages late, one after another, to one running optimizer, and compares each with stock Vite.
//   run.mjs [--seed N] [--all] [--side browser|node|workerd]
import { parseArgs } from 'node:util'
import { explained } from './explained.mjs'
import { differ, differences } from './lib/compare.mjs'
import { meet } from './lib/meet.mjs'
import { draw } from './lib/order.mjs'
import { packages } from './list.mjs'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, all: { type: 'boolean' }, side: { type: 'string' } } })
const seed = Number(values.seed)
if (!Number.isInteger(seed)) throw new Error(`--seed takes a whole number, not ${values.seed}`)
const kindOf = { browser: 'browser', node: 'server', workerd: 'server' }
const asked = values.side ? [values.side] : Object.keys(kindOf)
if (!asked.every((side) => side in kindOf)) throw new Error(`there is no side called ${values.side}: ${Object.keys(kindOf).join(', ')}`)
const sampleSize = 60

/** How many defects a side has. */
async function judge(side) {
  const there = packages.filter((entry) => ['both', kindOf[side]].includes(entry.side)).map(({ id }) => id)
  const ids = draw(there, seed, values.all ? undefined : sampleSize)
  console.log(`\n${side}: ${ids.length} of ${there.length} packages, seed ${seed}`)
  const late = await meet({ side, ids })
  const stock = await meet({ side, ids, stock: true, include: ids })
  if (stock.reloads) throw new Error(`stock Vite has reloaded, so it is no measure:\n${stock.printed}`)

  const rows = []
  for (const [nth, met] of late.met.entries()) rows.push(...(await unexpected(side, met, stock.met[nth])))
  if (late.reloads) rows.push({ package: '', what: `${late.reloads} reloads of the optimizer` })
  if (late.starts !== 1) rows.push({ package: '', what: `the page was loaded ${late.starts} times` })
  rows.push(...twice(late.bundled))
  rows.push(...late.metTwice.map((names) => ({ package: '', what: `is met as ${names}` })))
  rows.push(...unseen(stock, late))

  const found = rows.map((row) => ({ ...row, because: reasonFor(side, row) }))
  if (found.length) console.table(found)
  const left = found.filter(({ because }) => !because)
  const failing = late.met.filter(({ error }) => error).map(({ id }) => id)
  if (failing.length) console.log(`fail to be evaluated: ${failing.join(', ')}`)
  const slowest = Math.max(...late.met.map(({ ms }) => ms))
  console.log(`${side}: ${late.reloads} reloads, ${twice(late.bundled).length} modules twice, ${left.length} unexplained of ${found.length} differences; slowest ${slowest} ms`)
  if (left.length) console.log(late.printed)
  return left.length
}

/**
 * Stock's entry files also export what other entries of the same bundle need of them, under names of one or two letters. And Vite takes
 * some packages for dependencies only where they are included. One that looks as stock Vite shows it alone is therefore right, too.
 */
async function unexpected(side, late, stock) {
  const rows = differences(late, stock)
  const trouble = late.trouble.filter((text) => stock.trouble.every((other) => differ(text, other))).map((text) => `page error: ${text}`)
  if (rows.length) {
    const alone = await meet({ side, ids: [late.id], stock: true })
    if (!differences(late, alone.met[0]).length) rows.length = 0
  }
  return [...rows, ...trouble].map((what) => ({ package: late.id, what }))
}

function twice(bundled) {
  const found = Object.entries(bundled).filter(([, files]) => files.length > 1)
  return found.map(([module, files]) => ({ package: inPackages(module), what: `is twice: ${files.join(', ')}` }))
}

/** A package whose text stock's source maps show and the layers' don't would make the look for modules that are twice a blind one. */
function unseen(stock, late) {
  const seen = new Set(Object.keys(late.bundled).map(packageOf))
  const expected = new Set(Object.keys(stock.bundled).map(packageOf))
  const missing = [...new Set(late.optimized.map(packageOf))].filter((name) => expected.has(name) && !seen.has(name))
  return missing.map((name) => ({ package: name, what: 'is in no source map' }))
}

const packageOf = (module) => /^(?:@[^/]+\/)?[^/]+/.exec(inPackages(module))[0]

const inPackages = (module) => module.slice(module.lastIndexOf('node_modules/') + 'node_modules/'.length)

const reasonFor = (side, row) =>
  explained.find((entry) => entry.package === row.package && (entry.side ?? side) === side && entry.what.test(row.what))?.because

let defects = 0
for (const side of asked) defects += await judge(side)
process.exitCode = defects ? 1 : 0
