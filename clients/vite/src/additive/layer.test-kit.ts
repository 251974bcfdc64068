// An app for layers, in a folder of its own, and a layer to begin with.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Layer } from './manifest.js'

export interface App {
  root: string
  outdir: string
}

export const noLayer: Layer = {
  number: 1,
  modules: [],
  entries: [],
  files: [],
  externals: [],
  sources: [],
  packages: [],
  found: [],
}

/** An app with these files. */
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
