// matrix.json is what is tested: the stacks, the peer range and the README say the same.
import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { folderOf, manifestOf, matrix } from './lib/stacks.mjs'
import { lines, peerRange, supportTable } from './lib/support.mjs'

const read = (file) => readFile(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8')

test('each stack has the packages of the matrix, and there is no other stack', async () => {
  const stacks = path.dirname(folderOf(matrix.stacks[0]))
  assert.deepEqual((await readdir(stacks)).toSorted(), matrix.stacks.map(({ name }) => name).toSorted())
  for (const stack of matrix.stacks) {
    const manifest = JSON.parse(await readFile(path.join(folderOf(stack), 'package.json'), 'utf8'))
    assert.deepEqual(manifest, manifestOf(stack), 'run node tests/versions/pin.mjs')
    const { packages } = JSON.parse(await readFile(path.join(folderOf(stack), 'package-lock.json'), 'utf8'))
    assert.equal(packages['node_modules/vite'].version, stack.vite, 'run node tests/versions/pin.mjs')
  }
})

test('the peer range is the lines of the matrix, each with its first patch', async () => {
  const { peerDependencies } = JSON.parse(await read('clients/vite/package.json'))
  assert.equal(peerDependencies.vite, peerRange)
  for (const line of lines) assert.ok(matrix.stacks.some(({ vite }) => vite === `${line}.0`), `${line}.0`)
})

test('the README has the table of the matrix', async () => {
  assert.ok((await read('README.md')).includes(supportTable()), supportTable())
})
