import assert from 'node:assert/strict'

/** The modules that have run more than once. */
export const twice = (ran) => ran.filter((id, at) => ran.indexOf(id) !== at)

/** What was added late, and what stock Vite has bundled all at once: importers see the same, and the same has run, once each. */
export function assertAlike(late, stock) {
  assert.deepEqual(late.answers, stock.answers)
  assert.deepEqual(twice(late.ran), [], 'these modules have run twice')
  // Stock runs some CommonJS that nobody has required: all of a file that is also imported dynamically.
  const missing = stock.ran.filter((id) => !late.ran.includes(id) && !id.endsWith('required'))
  assert.deepEqual(missing, [], 'these modules have not run')
}
