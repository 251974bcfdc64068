// An app with a first layer by esbuild, in a build such as Vite's.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parseAst, parseAstAsync } from 'vite'
import { expect, onTestFinished } from 'vitest'
import type { Run } from './additive.js'
import { layerPlugin } from './layer-esbuild.js'
import { newManifest, planLayer } from './layer-plan.js'

export interface App {
  root: string
  outdir: string
}

/** An app with these files. The entry of its layer is `one.js`. */
export function newApp(files: Record<string, string>): App {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-layer-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), code)
  }
  const outdir = join(root, 'deps')
  mkdirSync(outdir, { recursive: true })
  return { root, outdir }
}

/** Bundles the layer, and tells what a run is told. */
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
