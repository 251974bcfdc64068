import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Alias, type DevEnvironment, type Rolldown, resolveConfig } from 'vite'
import { afterAll, expect, test } from 'vitest'
import { type EntryChunk, entriesToReturn, rolldownOf } from './rolldown.js'

const own = createRequire(createRequire(import.meta.url).resolve('vite/package.json')).resolve('rolldown')
const { rolldown } = (await import(pathToFileURL(own).href)) as typeof Rolldown

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-rolldown-'))
afterAll(() => rmSync(folder, { recursive: true }))

const linked: EntryChunk = {
  type: 'chunk',
  name: 'linked',
  fileName: 'linked.js',
  code: 'export {}',
  exports: [],
  imports: [],
  isEntry: true,
  isDynamicEntry: false,
}

/** What a build returns that writes an entry into a folder, and there has what `meanwhile` does as a plugin. */
async function outputOf(dir: string, meanwhile: () => void, format: 'esm' | 'cjs' = 'esm') {
  const entry = {
    name: 'entry',
    resolveId: (id: string) => id,
    load: () => 'export const written = 1',
    writeBundle: meanwhile,
  }
  const build = await rolldown({ input: { written: 'entry' }, plugins: [entry] })
  const { output } = await build.write({ dir, format })
  await build.close()
  return output
}

test.for([
  ['nothing', []],
  ['what has a scope', [{ find: /^@(\w+)\//, replacement: '/src/$1/' }]],
  ['all there is', [{ find: /^(.*)$/, replacement: '$1' }]],
  ['all there is, which leads to files', [{ find: /^/, replacement: '/@fs/app/' }]],
] satisfies Array<[string, Alias[]]>)(
  'where the user has an alias for %s, Rolldown is that of Vite',
  async ([, alias]) => {
    const config = await resolveConfig({ configFile: false, resolve: { alias } }, 'serve')
    expect(await rolldownOf({ config } as unknown as DevEnvironment)).toBe(rolldown)
  },
)

test('a build returns what is linked into its folder, before what it writes', async () => {
  const entries = await entriesToReturn(rolldown)
  const dir = join(folder, 'one')
  const output = await outputOf(dir, () => entries.set(dir, [linked]))
  expect(output.map(({ fileName }) => fileName)).toEqual(['linked.js', 'written.js'])
  expect(output[0]).toEqual(linked)
  expect(readdirSync(dir)).toEqual(['written.js'])
})

test('a build that is writing can be told by its folder, and by no other', async () => {
  const entries = await entriesToReturn(rolldown)
  const dir = join(folder, 'three')
  expect(entries.has(dir)).toBe(false)
  await outputOf(dir, () => expect([...entries.keys()]).toEqual([dir]))
  expect(entries.has(dir)).toBe(false)
})

test('other builds are as they were, with all that they are called with', async () => {
  const entries = await entriesToReturn(rolldown)
  const [chunk, ...others] = await outputOf(join(folder, 'two'), () => entries.set('elsewhere', [linked]), 'cjs')
  expect(others).toEqual([])
  expect(chunk.code).toContain('exports.written')
  expect((await outputOf(join(folder, 'two'), () => {})).length).toBe(1)
})

test('it is asked for once', async () => {
  expect(await entriesToReturn(rolldown)).toBe(await entriesToReturn(rolldown))
})

test('where builds cannot write, nothing is added', async () => {
  const other = (async () => ({ close: async () => {} })) as unknown as typeof rolldown
  await expect(entriesToReturn(other)).rejects.toThrow('no method to write')
})
