import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAst } from 'vite'
import { afterAll, expect, test } from 'vitest'
import type { Run } from './additive.js'
import { newManifest, planLayer } from './layer-plan.js'
import { LayerBundler } from './rolldown-bundler.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-bundler-')))
mkdirSync(join(root, 'node_modules/real'), { recursive: true })
afterAll(() => rmSync(root, { recursive: true }))
symlinkSync('real', join(root, 'node_modules/linked'), 'dir')

const unused: Omit<Run, 'plan'> = {
  describe: () => expect.fail('it is described'),
  bundled: () => Promise.resolve(),
  failed: () => undefined,
}

test.for([
  ['by its name, in an installed package', 'node_modules/real/lib/index.js', './index.js'],
  ['by no path, in a linked one: that would lead to another module', 'node_modules/linked/index.js', 'evenkeel:self'],
  ['by no path, where its id has a query', 'node_modules/real/index.js?raw', 'evenkeel:self'],
  ['by no path, where its name could be read as a query', 'node_modules/real/a#b.js', 'evenkeel:self'],
  ['by no path, where its package is in an archive', 'cache/a.zip/node_modules/a/index.js', 'evenkeel:self'],
  ['by no path, outside of packages', 'src/index.js', 'evenkeel:self'],
] as const)('a module imports itself %s', ([, file, specifier]) => {
  const bundler = new LayerBundler({ run: { plan: planLayer(newManifest(), {}), ...unused } }, 'packages')
  const transformed = bundler.transform('export const one = 1', join(root, file), parseAst)
  expect(transformed?.code).toContain(` from "${specifier}";`)
})
