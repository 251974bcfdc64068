import type { DevEnvironment } from 'vite'
import { expect, test } from 'vitest'
import { entriesOf } from './entries.js'

const environment = (input: unknown) =>
  ({ config: { root: '/app', consumer: 'server', build: { rolldownOptions: { input } } } }) as DevEnvironment

test.for([
  ['a path from the root', './src/worker.ts', '/src/worker.ts'],
  ['a file below the root', '/app/src/worker.ts', '/src/worker.ts'],
  ['a file elsewhere', '/elsewhere/worker.ts', '/elsewhere/worker.ts'],
  ['a path that leads out of the root', '../shared/worker.ts', '../shared/worker.ts'],
  ['a folder that begins like the root', '/application/worker.ts', '/application/worker.ts'],
  ['a URL', '/src/worker.ts', '/src/worker.ts'],
  ['an id', 'virtual:worker', 'virtual:worker'],
] as const)('a crawl begins at %s by the URL that other modules import it by', async ([, entry, url]) => {
  expect(await entriesOf(environment({ index: entry }))).toEqual([url])
})
