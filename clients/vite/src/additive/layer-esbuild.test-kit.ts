// A first layer by esbuild, in a build such as Vite's.
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { expect } from 'vitest'
import type { Run } from './additive.js'
import { layerPlugin } from './layer-esbuild.js'
import { newManifest, planLayer } from './layer-plan.js'
import type { App } from './layer.test-kit.js'

/** Bundles the layer of an app, whose entry is `one.js`, and tells what a run is told. */
export async function bundleLayer(
  { root, outdir }: App,
  told: (plan: Run['plan']) => Pick<Run, 'describe' | 'bundled'>,
  { plugins = [], ...options }: BuildOptions,
): Promise<void> {
  const entries = { one: join(root, 'one.js') }
  const plan = planLayer(newManifest(), entries)
  const run: Run = { plan, lookAt: () => undefined, failed: (error) => expect.fail(error.message), ...told(plan) }
  const environment = { sources: () => entries, begin: () => run, aliases: [] }
  await build({
    entryPoints: ['one'],
    outdir,
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    splitting: true,
    metafile: true,
    logLevel: 'silent',
    ...options,
    plugins: [...plugins, layerPlugin(() => environment, { parseAst, parseAstAsync })],
  })
}
