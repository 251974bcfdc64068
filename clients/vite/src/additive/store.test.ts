import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hashOf } from './hash.js'
import { noLayer } from './layer.test-kit.js'
import { newManifest } from './layer-plan.js'
import { INDEX_FILE, type Layer, layerFile } from './manifest.js'
import { Doubt, Store } from './store.js'

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-store-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('an entry of the cache that is in no layer is a doubt', () => {
  const manifest = newManifest()
  manifest.entries.set('own', { src: '/own.js', code: '', exports: [] })
  const store = new Store('deps')
  expect(store.foreignEntry(manifest, ['own'])).toBeUndefined()
  expect(store.foreignEntry(manifest, ['own', 'foreign'])).toMatchObject({ reason: 'manifestUnusable' })
})

test('a failed run is told in one line, without code and stack', () => {
  const frame = '\n   ╭─[ node_modules/broken/index.js:1:8 ]\n   │\n 1 │ import "./gone"\n'
  const stack = '\n    at async bundle (/vite/chunk.js:1:1)'
  const error = new Error(
    `Build failed with 1 error:\n\n\u001B[31m[UNRESOLVED]\u001B[39m ./gone is not there${frame}${stack}`,
  )
  expect(Doubt.after(error)).toMatchObject({
    reason: 'other',
    detail: 'the run before failed: Build failed with 1 error: [UNRESOLVED] ./gone is not there',
  })
})

test.for([
  ['each module is in one', ['a', 'b'], 'fileMissing'],
  ['a module is in two', ['a', 'a'], 'moduleClaimedTwice'],
] as const)('layers of which %s', ([, ids, reason]) => {
  const { index } = newManifest()
  const layers = ids.map((id, at) => {
    const layer: Layer = { ...noLayer, number: at + 1, modules: [[id, { kind: 'opaque', file: `${id}.js`, why: '' }]] }
    const text = JSON.stringify({ ...layer, files: [['gone.js', 'its hash']] })
    const file = layerFile(layer.number)
    writeFileSync(join(folder, file), text)
    return { file, hash: hashOf(text) }
  })
  writeFileSync(join(folder, INDEX_FILE), JSON.stringify({ ...index, layers }))
  expect(new Store(folder).read()).toMatchObject({ reason })
})

test('for which module a file imports something is known once it is written, and when a server finds it', () => {
  const here = mkdtempSync(join(folder, 'externals-'))
  const base = newManifest()
  const layer: Layer = { ...noLayer, externals: [['a.js', [['left', '/a/index.js']]]] }
  const text = JSON.stringify(layer)
  const hash = hashOf(text)
  const index = base.indexWith(layer, hash)
  const writing = new Store(here)
  expect(writing.importerOf('left', 'a.js')).toBeUndefined()
  writing.wrote({ base, layer, hash, index, stamps: new Map() })
  writeFileSync(join(here, layerFile(layer.number)), text)
  writeFileSync(join(here, INDEX_FILE), index)
  const finding = new Store(here)
  finding.begin(true)
  for (const store of [writing, finding]) {
    expect(store.importerOf('left', 'a.js')).toBe('/a/index.js')
    expect(store.importerOf('left', 'b.js')).toBeUndefined()
    expect(store.importerOf('right', 'a.js')).toBeUndefined()
  }
  writing.read()
  expect(writing.importerOf('left', 'a.js')).toBe('/a/index.js')
})
