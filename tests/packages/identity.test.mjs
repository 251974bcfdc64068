// Dependencies that are added late, one after another, are the same things at run time as if they had been bundled together.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { rows } from './identity-rows.mjs'
import { askAll } from './lib/ask.mjs'
import { installFixtures } from './lib/fixtures.mjs'
import { answersOf, dependenciesOf, expected, request } from './lib/identity.mjs'

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
