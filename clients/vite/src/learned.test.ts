import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LearnedDeps } from './learned.js'

const FILE = 'evenkeel.deps.json'
const late = (id: string) => ({ id, importer: undefined }) as unknown as Parameters<LearnedDeps['add']>[1][number]

/** The lists of an app, as files and in the servers that use them. */
function newApp() {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-learned-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const cacheDir = join(root, 'cache')
  const warnings: string[] = []
  return {
    root,
    cacheDir,
    warnings,
    committed: join(root, FILE),
    cached: join(cacheDir, FILE),
    server: () => new LearnedDeps(root, cacheDir, true, { info: () => {}, warn: (line) => warnings.push(line) }),
  }
}

const write = (file: string, ...ids: string[]) =>
  writeFileSync(file, JSON.stringify({ ssr: Object.fromEntries(ids.map((id) => [id, null])) }))
const idsIn = (file: string) => Object.keys(JSON.parse(readFileSync(file, 'utf8')).ssr)

test('what others have written while the server runs is kept', () => {
  const { committed, cached, server } = newApp()
  write(committed, 'a', 'gone')
  const learned = server()
  learned.add('ssr', [late('b')])
  write(committed, 'a', 'b', 'gone', 'pulled')
  learned.add('ssr', [late('c')])
  learned.forget('ssr', 'gone')
  for (const file of [committed, cached]) expect(idsIn(file), file).toEqual(['a', 'b', 'c', 'pulled'])
  expect(
    learned
      .of('ssr')
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['a', 'b', 'c', 'pulled'])
})

test('two servers of one root keep what the other one adds and forgets', () => {
  const { root, cacheDir, committed, cached, server } = newApp()
  write(committed, 'gone')
  const [one, two] = [server(), server()]
  one.add('ssr', [late('a')])
  two.add('ssr', [late('b')])
  one.forget('ssr', 'gone')
  two.add('ssr', [late('c')])
  for (const file of [committed, cached]) expect(idsIn(file), file).toEqual(['a', 'b', 'c'])
  for (const folder of [root, cacheDir]) expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([])
})

test('what another server has half written is not touched', () => {
  const { committed, server } = newApp()
  write(committed, 'a')
  writeFileSync(`${committed}.new`, 'half')
  server().add('ssr', [late('b')])
  expect(idsIn(committed)).toEqual(['a', 'b'])
  expect(readFileSync(`${committed}.new`, 'utf8')).toBe('half')
})

const CONFLICT = '<<<<<<< HEAD\n{}\n'

test('a list that has become unreadable is left alone until it is corrected, with one line', () => {
  const { committed, cached, warnings, server } = newApp()
  write(committed, 'a')
  const learned = server()
  writeFileSync(committed, CONFLICT)
  learned.add('ssr', [late('b')])
  learned.add('ssr', [late('c')])
  expect(readFileSync(committed, 'utf8')).toBe(CONFLICT)
  expect(idsIn(cached)).toEqual(['a', 'b', 'c'])
  expect(warnings).toEqual([expect.stringMatching(/evenkeel\.deps\.json is not used: .* Correct it or delete it\.$/)])
  write(committed, 'a', 'merged')
  learned.add('ssr', [late('d')])
  for (const file of [committed, cached]) expect(idsIn(file), file).toEqual(['a', 'b', 'c', 'd', 'merged'])
})

test('lists that somebody has deleted are written as a whole', () => {
  const { committed, cached, server } = newApp()
  write(committed, 'a')
  const learned = server()
  learned.add('ssr', [late('b')])
  rmSync(committed)
  rmSync(cached)
  learned.add('ssr', [late('c')])
  expect(idsIn(cached)).toEqual(['a', 'b', 'c'])
})

test('what cannot be read is not written', () => {
  const { committed, cached, warnings, server } = newApp()
  mkdirSync(committed)
  const learned = server()
  learned.add('ssr', [late('a')])
  learned.add('ssr', [late('b')])
  expect(idsIn(cached)).toEqual(['a', 'b'])
  expect(warnings).toEqual([expect.stringContaining('is not used: EISDIR')])
})

test('where there can be no file, the log says so', () => {
  const { cacheDir, committed, warnings, server } = newApp()
  writeFileSync(cacheDir, '')
  server().add('ssr', [late('a')])
  expect(idsIn(committed)).toEqual(['a'])
  expect(warnings).toEqual([expect.stringContaining('late dependencies could not be remembered in ')])
})

test('what could not be written is known all the same', () => {
  const { cacheDir, cached, committed, warnings, server } = newApp()
  mkdirSync(cacheDir)
  write(cached, 'before')
  const learned = server()
  // Where half of a list would be written.
  for (const file of [cached, committed]) mkdirSync(`${file}.${process.pid}.new`)
  learned.add('ssr', [late('a')])
  learned.add('ssr', [late('b')])
  expect(learned.of('ssr').map(({ id }) => id)).toEqual(['before', 'a', 'b'])
  expect(warnings).toHaveLength(4)
})
