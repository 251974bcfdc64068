// Whoever asks packages is not stopped by one that never answers, wherever it keeps busy who.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { askAll } from './lib/ask.mjs'
import { installFixtures } from './lib/fixtures.mjs'

const packages = fileURLToPath(new URL('node_modules/', import.meta.url))

let folder
before(async () => {
  await installFixtures()
  folder = await mkdtemp(path.join(packages, 'endless-'))
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: path.basename(folder), version: '1.0.0', type: 'module', main: 'index.js' }))
  await writeFile(path.join(folder, 'index.js'), 'export const never = 1\nfor (;;);\n')
})
after(() => rm(folder, { recursive: true }))

describe('a package whose module loops for ever is told as such, and the others answer', { concurrency: true }, () => {
  for (const side of ['node', 'browser', 'workerd']) {
    test(side, { timeout: 300_000 }, async () => {
      const modules = {
        '/first.mjs': "import { own } from '@fixture/two-names'\nexport const answer = () => typeof own\n",
        '/endless.mjs': `import { never } from '${path.basename(folder)}'\nexport const answer = () => never\n`,
        '/last.mjs': "import { count } from '@fixture/live'\nexport const answer = () => typeof count\n",
      }
      const { answers, optimized, starts } = await askAll({ side, modules, asked: Object.keys(modules), deadline: 15_000 })
      const told = answers.map(({ module, answer, error, unanswered }) => [module, error ?? unanswered ?? answer])
      assert.deepEqual(told, [
        ['/first.mjs', 'object'],
        ['/endless.mjs', 'no answer within 15000 ms'],
        ['/last.mjs', 'number'],
      ])
      assert.equal(starts, 1)
      const isOptimized = (name) => optimized.some((src) => src.includes(name))
      assert.deepEqual(['two-names', 'live'].map(isOptimized), [true, true], 'what was met before and after is known')
    })
  }
})
