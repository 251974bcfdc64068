// The same where esbuild bundles: in the Vites before 8. Stock Vite answers some rows in another way there, so it is the measure.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { rows } from './identity-rows.mjs'
import { askAll } from './lib/ask.mjs'
import { installFixtures } from './lib/fixtures.mjs'
import { answersOf, dependenciesOf, request } from './lib/identity.mjs'

before(installFixtures)

// A snapshot, as it is in Vite 8.
const different = ['a property of a CJS module that changes is seen through an early re-export']

// Both Vites bundle alike, but for what the target of Vite 6 leaves out: each side is asked of one, two of them of the one with all rows.
const asked = { '6.4': ['node'], '7.3': ['browser', 'workerd'] }

for (const [on, sides] of Object.entries(asked)) {
  // The target of Vite 6 has neither top-level await nor strings as names: it bundles nothing that has them.
  const known = rows.filter(({ modules }) => on !== '6.4' || !/@fixture\/(?:awaited|names)/.test(modules.join()))

  for (const side of sides) {
    const here = known.filter(({ sides }) => sides.includes(side))

    describe(`Vite ${on}, ${side}`, () => {
      let stock
      let late
      before(async () => {
        const question = { on, ...request(side, here) }
        stock = answersOf(await askAll({ ...question, include: dependenciesOf(here), stock: true }), here)
        late = await askAll(question)
      })

      test('dependencies that are added late answer as if stock Vite had bundled all at once', () => {
        const isRight = ({ what, expects }) => JSON.stringify(stock[what]) === JSON.stringify({ answer: expects })
        const right = here.filter((row) => isRight(row) && !different.includes(row.what)).map(({ what }) => what)
        assert.ok(right.length > 20, `stock Vite has only these right: ${right.join('\n')}`)
        const answers = answersOf(late, here)
        const shown = (all) => Object.fromEntries(right.map((what) => [what, all[what]]))
        assert.deepEqual(shown(answers), shown(stock))
      })

      test('nothing has reloaded, and no module has run, is bundled or evaluated twice', () => {
        const { answers, reloads, starts, metTwice, bundled } = late
        const { answer: runs } = answers.at(-1)
        assert.ok(runs.length > 20, `only these have run: ${runs}`)
        const ranTwice = runs.filter((name, at) => runs.indexOf(name) !== at)
        const twice = Object.entries(bundled).filter(([, files]) => files.length > 1)
        assert.deepEqual({ ranTwice, reloads, starts, metTwice, twice }, { ranTwice: [], reloads: 0, starts: 1, metTwice: [], twice: [] }, late.printed)
      })
    })
  }
}
