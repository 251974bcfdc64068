// What it costs that a run of the optimizer adds, instead of bundling all again: Vite alone and with Evenkeel, in turn, in one run.
//
//   node additive.mjs [--json] [--rounds N] [--layers N]
//
// Ratios are Evenkeel's figure by Vite's, printed with what is aimed at. Those of layers are a later layer's by the second one's.
import { parseArgs } from 'node:util'
import { openBrowser } from '../e2e/lib/browser.mjs'
import { median, printTable, round } from './lib/report.mjs'
import { coldStart, coldStartOnVite7, lateDependency } from './lib/additive-cpu.mjs'
import { manyLayers } from './lib/additive-layers.mjs'
import { clicksAndLoads } from './lib/additive-page.mjs'
import { firstRenders } from './lib/additive-server.mjs'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '3' },
    layers: { type: 'string', default: '100' },
  },
})
const rounds = Number(options.rounds)

const environments = { stock: {}, evenkeel: { EVENKEEL: 'last', EVENKEEL_OPTIONS: '{"log":"warn"}' } }

/** What a measurement gives for each stack, in turn: whoever comes second may profit from the first. */
async function inTurn(measure, times = rounds) {
  const samples = { stock: [], evenkeel: [] }
  for (let at = 0; at < times; at++) {
    const stacks = Object.keys(environments)
    for (const stack of at % 2 ? stacks.toReversed() : stacks) samples[stack].push(await measure(environments[stack]))
    say(`… ${measure.name}, round ${at + 1} of ${times}`)
  }
  return samples
}

const say = (text) => options.json || console.error(text)

const late = await inTurn(lateDependency)
// Two cold starts in a row differ by a third, two page loads and two first renders by a tenth.
const cold = await inTurn(coldStart, 4 * rounds)
const coldOnVite7 = await inTurn(coldStartOnVite7, 2 * rounds)
const renders = await inTurn(firstRenders, 3 * rounds)
const browser = await openBrowser()
const page = await clicksAndLoads(browser, environments, { loads: 5 * rounds + 1, say }).finally(() => browser.close())
const layers = {}
for (const [stack, env] of Object.entries(environments)) layers[stack] = await manyLayers(env, Number(options.layers))
report()

function report() {
  const of = (samples, name) => ratio(samples, (sample) => sample[name])
  const ratios = {
    'late zustand beside antd and @mui/material, CPU': { ratio: of(late, 'cpu'), aim: '≤ 0.05' },
    'late zustand beside antd and @mui/material, wall': { ratio: of(late, 'wall') },
    'met to shown in the browser': { ratio: page.metToShown, aim: '≤ 0.35' },
    'cold start until the first run is committed, CPU': { ratio: of(cold, 'cpu'), aim: '≤ 1.1' },
    'cold start until the first run is committed, wall': { ratio: of(cold, 'wall'), aim: '≤ 1.1' },
    'the same on Vite 7.3, with esbuild, wall': { ratio: of(coldOnVite7, 'wall') },
    'page load with all of them': { ratio: ratio(page.loads, (ms) => ms), aim: '≤ 1.1' },
    'first server renders, warm start': { ratio: ratio(renders, (ms) => ms), aim: '≤ 1.1' },
    'size of the cache': { ratio: round(page.bytes.evenkeel / page.bytes.stock, 2) },
    ...layerRatios(layers.evenkeel),
  }
  const ms = {
    'late zustand, CPU': medians(late, 'cpu'),
    'late zustand, wall': medians(late, 'wall'),
    'cold start, CPU': medians(cold, 'cpu'),
    'cold start, wall': medians(cold, 'wall'),
    'cold start on Vite 7.3, wall': medians(coldOnVite7, 'wall'),
    'page load': { stock: whole(median(page.loads.stock)), evenkeel: whole(median(page.loads.evenkeel)) },
    'first server renders': { stock: whole(median(renders.stock)), evenkeel: whole(median(renders.evenkeel)) },
  }
  const result = { rounds, ratios, ms, shown: page.shown, bytes: page.bytes, layers: layerTable() }
  if (options.json) return console.log(JSON.stringify(result))
  printTable(ratios)
  printTable(ms)
  printTable(page.shown)
  printTable(result.layers)
}

/** Compared within each round: other load comes and goes between them. */
function ratio({ stock, evenkeel }, figure) {
  return round(median(evenkeel.map((sample, at) => figure(sample) / figure(stock[at]))), 3)
}

function medians({ stock, evenkeel }, name) {
  const middle = (samples) => whole(median(samples.map((sample) => sample[name])))
  return { stock: middle(stock), evenkeel: middle(evenkeel) }
}

/** The layers that are looked at; each stands for itself and its neighbours, because one alone is a few milliseconds. */
function looked(found) {
  return [2, 10, 50, 100].filter((number) => number <= found.length + 1)
}

function layerAt(found, number, name) {
  const near = found.filter((layer) => Math.abs(layer.number - number) <= 2)
  return median(near.map((layer) => layer[name]))
}

function layerRatios(found) {
  const rows = looked(found).slice(1).flatMap((number) =>
    ['cpu', 'wall'].map((name) => [
      `layer ${number} by layer 2, ${name === 'cpu' ? 'CPU' : 'wall'}`,
      { ratio: round(layerAt(found, number, name) / layerAt(found, 2, name), 2), aim: '0.8 – 1.2' },
    ]),
  )
  return Object.fromEntries(rows)
}

function layerTable() {
  const figures = (found, number) => ({ cpu: whole(layerAt(found, number, 'cpu')), wall: whole(layerAt(found, number, 'wall')) })
  const row = (number) => {
    const [stock, evenkeel] = [figures(layers.stock, number), figures(layers.evenkeel, number)]
    return { 'stock, CPU': stock.cpu, 'stock, wall': stock.wall, 'evenkeel, CPU': evenkeel.cpu, 'evenkeel, wall': evenkeel.wall }
  }
  return Object.fromEntries(looked(layers.evenkeel).map((number) => [`run ${number}`, row(number)]))
}

function whole(value) {
  return value === undefined ? undefined : Math.round(value)
}
