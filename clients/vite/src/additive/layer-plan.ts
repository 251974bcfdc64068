import { randomBytes } from 'node:crypto'
import { Manifest, type WrittenEntry } from './manifest.js'
import { Doubt } from './store.js'
import { type Facade, facadeOf } from './stubs.js'

/** Entries by the flattened id of their file, as Vite gives them to the bundler. */
export type Entries = Record<string, string>

/** What one run is to bundle, and what it can take as it is. */
export interface LayerPlan {
  /** What there is; nothing, where all is bundled anew. */
  base: Manifest
  number: number
  /** Entries of earlier layers. */
  carried: Array<[name: string, entry: WrittenEntry]>
  /** New entries whose module an earlier layer has. */
  known: Array<[name: string, src: string, facade: Facade]>
  /** New entries that have to be bundled. */
  fresh: Entries
}

/** Why an entry that is known would not be the same any more. */
export function movedEntry({ entries, modules }: Manifest, wanted: Entries): Doubt | undefined {
  for (const [name, src] of Object.entries(wanted)) {
    const entry = entries.get(name)
    if (entry && entry.src !== src) return new Doubt('entryMoved', `${name} was ${entry.src} and is ${src}`)
    const module = modules.get(src)
    if (!entry && module?.kind === 'opaque') return new Doubt('exportUnknown', `${src}: ${module.why}`)
  }
  return undefined
}

/** The modules of the entries that no layer has. */
export function newSources({ entries }: Manifest, wanted: Entries): string[] {
  return Object.entries(wanted).flatMap(([name, src]) => (entries.has(name) ? [] : src))
}

export function planLayer(base: Manifest, wanted: Entries): LayerPlan {
  const plan: LayerPlan = { base, number: base.layers + 1, carried: [], known: [], fresh: {} }
  for (const [name, src] of Object.entries(wanted)) {
    const entry = base.entries.get(name)
    const module = base.modules.get(src)
    const facade = module && facadeOf(module, base.version)
    if (entry) plan.carried.push([name, entry])
    else if (facade) plan.known.push([name, src, facade])
    else plan.fresh[name] = src
  }
  return plan
}

/** A manifest without layers. Its files have other URLs than all before. */
export function newManifest(): Manifest {
  return new Manifest(randomBytes(4).toString('hex'))
}
