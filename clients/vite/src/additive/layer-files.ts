import { copyFileSync, existsSync, linkSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hashOf } from './hash.js'
import type { SeenInstallation } from './installation.js'
import type { BundledLayer, LayerFile } from './layer-rolldown.js'
import type { LayerPlan } from './layer-plan.js'
import { INDEX_FILE, type Layer, type WrittenPackage, entryFile, layerFile } from './manifest.js'
import { packageOf } from './packages.js'
import { type WrittenLayer, stampOf } from './store.js'

/** A layer as it is told to later runs. */
export interface DescribedLayer {
  layer: Layer
  text: string
  hash: string
  /** The files that no earlier layer has. */
  fresh: Array<[file: string, content: LayerFile]>
}

export function describeLayer(plan: LayerPlan, bundled: BundledLayer, installation: SeenInstallation): DescribedLayer {
  const files = [...bundled.files, ...entryFiles(bundled)]
  const fresh = files.filter(([file]) => !plan.base.files.has(file))
  const layer = layerOf(plan, bundled, fresh, installation)
  const text = JSON.stringify(layer)
  return { layer, text, hash: hashOf(text), fresh }
}

/** Puts all that the next cache has into the folder that Vite is about to commit; the index last, so that it is never there alone. */
export async function writeLayer(
  { base }: LayerPlan,
  { layer, text, hash, fresh }: DescribedLayer,
  from: string,
  to: string,
): Promise<WrittenLayer> {
  // The user may have named folders for assets.
  const folders = [...base.files.keys(), ...fresh.map(([file]) => file)]
    .filter((file) => file.includes('/'))
    .map(dirname)
  for (const folder of new Set(folders)) mkdirSync(join(to, folder), { recursive: true })
  await Promise.all(fresh.map(([file, content]) => isContent(content) && writeFile(join(to, file), content)))
  for (const [file, hash] of base.files) {
    // Whoever has deleted a source map wants none.
    carry(join(from, file), join(to, file), hash === null)
  }
  const index = base.indexWith(layer, hash)
  writeFileSync(join(to, layerFile(layer.number)), text)
  writeFileSync(join(to, INDEX_FILE), index)
  return { base, layer, hash, index, stamps: stampsOf([...layer.files, [layerFile(layer.number), hash]], to) }
}

/** Entries are written by the bundler. */
function entryFiles({ entries }: BundledLayer): Array<[string, LayerFile]> {
  return [...entries].map(([name, { code }]) => [entryFile(name), { hash: hashOf(code) }])
}

function isContent(file: LayerFile): file is string | Uint8Array {
  return typeof file === 'string' || file instanceof Uint8Array
}

/** By file; of those that are read again, because they have a hash. */
function stampsOf(files: Layer['files'], folder: string): Map<string, string> {
  const hashed = files.flatMap(([file, hash]) => (hash === null ? [] : [[file, hash] as const]))
  return new Map(hashed.map(([file, hash]) => [file, stampOf(statSync(join(folder, file)), hash)]))
}

/** A file that is never written again may have several names; where it cannot, it is copied. */
function carry(from: string, to: string, mayBeGone: boolean): void {
  try {
    linkSync(from, to)
  } catch {
    if (!mayBeGone || existsSync(from)) copyFileSync(from, to)
  }
}

function hashIn(file: string, content: LayerFile): string | null {
  if (!isContent(content)) return content.hash
  return file.endsWith('.map') ? null : hashOf(content)
}

function layerOf(
  plan: LayerPlan,
  bundled: BundledLayer,
  fresh: Array<[string, LayerFile]>,
  installation: SeenInstallation,
): Layer {
  const sources: Layer['sources'] = []
  const packages = new Map<string, WrittenPackage>()
  const found = new Map<string, string | null>()
  for (const { src } of bundled.entries.values()) {
    const name = packageOf(src)?.name
    if (name && !plan.base.found.has(name) && !found.has(name)) found.set(name, installation.find(name))
  }
  for (const id of bundled.read) {
    const owner = packageOf(id)
    const stamp = installation.source(id)
    if (stamp !== undefined) sources.push([id, stamp])
    if (owner && !plan.base.packages.has(owner.folder) && !packages.has(owner.folder))
      packages.set(owner.folder, installation.package(owner.folder))
  }
  return {
    number: plan.number,
    modules: [...bundled.modules],
    entries: [...bundled.entries],
    files: fresh.map(([file, content]) => [file, hashIn(file, content)]),
    externals: bundled.externals,
    sources,
    packages: [...packages],
    found: [...found],
  }
}
