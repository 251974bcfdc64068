// Dependencies that are added late, one after another, are the same things at run time as if they had been bundled together.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { rows } from './identity-rows.mjs'
import { askAll } from './lib/ask.mjs'
import { installFixtures } from './lib/fixtures.mjs'

before(installFixtures)

for (const side of ['browser', 'node', 'workerd']) {
  const here = rows.filter(({ sides }) => sides.includes(side))

  describe(`stock Vite that bundles all at once, ${side}`, () => {
    let stock
    before(async () => {
      stock = await askAll({ ...request(side, here), include: dependenciesOf(here), stock: true })
    })

    test('answers as the rows expect', () => assert.deepEqual(answersOf(stock, here), expected(here)))
  })

  describe(`dependencies added late, ${side}`, () => {
    let late
    before(async () => {
      late = await askAll(request(side, here))
    })

    for (const { what, expects, differs } of here) {
      const title = differs ? `not so: ${what}, because ${differs.reason}` : what
      test(title, () => assert.deepEqual(answersOf(late, here)[what], { answer: differs ? differs.answer : expects }))
    }

    test('every module of the fixtures has run once', () => {
      const { answer: runs } = late.answers.at(-1)
      assert.ok(runs.length > 20, `only these have run: ${runs}`)
      assert.deepEqual(runs.filter((name, at) => runs.indexOf(name) !== at), [])
    })

    test('nothing has reloaded, and no module is bundled or evaluated twice', () => {
      const { reloads, starts, metTwice, bundled } = late
      const twice = Object.entries(bundled).filter(([, files]) => files.length > 1)
      assert.deepEqual({ reloads, starts, metTwice, twice }, { reloads: 0, starts: 1, metTwice: [], twice: [] }, late.printed)
    })
  })
}

/** All first modules, then all second ones, and so on; in the end, what has run. */
function request(side, here) {
  const modules = {}
  const steps = []
  for (const [nth, row] of here.entries()) {
    for (const [step, code] of row.modules.entries()) {
      modules[pathOf(nth, step)] = code
      ;(steps[step] ??= []).push(pathOf(nth, step))
    }
  }
  const runs = '/identity/runs.mjs'
  modules[runs] = 'export const answer = () => globalThis.fixtureRuns'
  return { side, modules, asked: [...steps.flat(), runs] }
}

const pathOf = (nth, step) => `/identity/${nth}/${step}.mjs`

function dependenciesOf(here) {
  const code = here.flatMap(({ modules }) => modules).join('\n')
  const imported = [...code.matchAll(/\b(?:from|import|import\() ?'(?!\.|node:)([^']+)'/g)].map(([, id]) => id)
  return [...new Set(imported)]
}

const expected = (here) => Object.fromEntries(here.map(({ what, expects }) => [what, { answer: expects }]))

/** What each row's last module answered. */
function answersOf({ answers }, here) {
  const entries = here.map(({ what, modules }, nth) => {
    const { answer, error } = answers.find(({ module }) => module === pathOf(nth, modules.length - 1))
    return [what, error ? { error } : { answer }]
  })
  return Object.fromEntries(entries)
}
