import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeLayer } from './layer-files.js'
import { noLayer } from './layer.test-kit.js'
import { newManifest, planLayer } from './layer-plan.js'

test.for([
  ['a source map that is gone is left out', 'one.js', ['one.js']],
  ['a file that is gone fails the run', 'one.js.map', undefined],
] as const)('of an earlier layer, %s', async ([, there, carried]) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-layer-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [from, to] = [join(folder, 'deps'), join(folder, 'deps_temp')]
  for (const each of [from, to]) mkdirSync(each)
  writeFileSync(join(from, there), '')
  const base = newManifest()
  base.files.set('one.js', 'its hash').set('one.js.map', null)
  const written = writeLayer(
    planLayer(base, {}),
    { layer: { ...noLayer, number: 2 }, text: '', hash: '', fresh: [] },
    from,
    to,
  )
  if (!carried) return expect(written).rejects.toThrow('ENOENT')
  await written
  expect(readdirSync(to).filter((file) => file.startsWith('one'))).toEqual(carried)
})
