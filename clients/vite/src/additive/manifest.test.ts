import { expect, test } from 'vitest'
import { parseIndex } from './manifest.js'

test.for([
  ['null', /version/],
  ['{}', /version/],
  ['{"version":999}', /999/],
  ['{"version":5}', /not complete/],
  ['{', /JSON/],
] as const)('a manifest of another kind is refused: %s', ([text, why]) => {
  expect(() => parseIndex(text)).toThrow(why)
})
