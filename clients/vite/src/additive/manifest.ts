/** The layout of the manifest's files. One of another layout is not read. */
const VERSION = 5

/** What a later layer needs to know of a module that has been written, and must not be written again. */
export type WrittenModule =
  | {
      kind: 'esm'
      /** The files that run it and have its exports: its own first, or where nothing is printed of it, those of what it imports. */
      files: string[]
      /** The module's exports in each of these files, and under which names the file exports them. */
      exports: Names[]
      /** The same of modules that nobody has needed yet, by their ids. */
      unused?: Pairs<Names>
      /** Exports that are properties of a CommonJS module, to be read once. */
      properties?: Property[]
      /** Runs the module, where its file doesn't. The first file exports it. */
      init?: string
      /** What it re-exports under names that only its run tells. */
      stars?: Star[]
      directives?: string[]
    }
  | { kind: 'cjs'; file: string; require: string; directives?: string[] }
  /** Its file keeps it to itself. A layer that needs it cannot be added. */
  | { kind: 'opaque'; file: string; why: string }

export type Names = Record<string, string>

/** An export that is a property of what a file exports. */
export interface Property {
  exported: string
  /** The number of the file. */
  file: number
  name: string
  property: string
}

/** `export * from` something that is not bundled, or from a module without names of its own: a CommonJS one, for example. */
export type Star = { external: string } | { module: string }

export interface WrittenEntry {
  /** Vite's path of what was bundled for it. */
  src: string
  code: string
  exports: string[]
}

export interface WrittenPackage {
  /** Changes with the package's version, with its name, and with where it really is. */
  stamp: string
  /** The real folders of the packages that it may import; `null` where there was none. */
  found: Record<string, string | null>
}

/** The entries of a map. Thousands of them are written faster than the properties of an object. */
export type Pairs<T> = Array<[key: string, value: T]>

/** What one run of the optimizer added. Never changed once it is written. */
export interface Layer {
  number: number
  modules: Pairs<WrittenModule>
  /** By the flattened id that Vite gives to the file. */
  entries: Pairs<WrittenEntry>
  /** Each with a hash of its content; source maps have none. */
  files: Pairs<string | null>
  /** By file: what it imports by names that are no paths, and for which module. */
  externals: Pairs<Pairs<string>>
  /** When the source of each module was written, and its size; of one that is in no package, a hash of its content. */
  sources: Pairs<string>
  /** The packages of its modules, by folder. */
  packages: Pairs<WrittenPackage>
  /** Where the project finds the packages of its entries. */
  found: Pairs<string | null>
}

/** Where the layers are. It is the last file that a run writes. */
export interface Index {
  version: typeof VERSION
  /** Part of the URL of each file, so that no browser takes one of another cache for it. */
  stamp: string
  layers: Array<{ file: string; hash: string }>
}

/** In front of the name under which a file exports what it would else keep to itself. */
export const PREFIX = 'e$'

export const INDEX_FILE = '_evenkeel.json'

export function layerFile(number: number): string {
  return `_evenkeel-L${number}.json`
}

/** The file of an entry, by its flattened id. */
export function entryFile(name: string): string {
  return `${name}.js`
}

/** All layers of a cache, as one. */
export class Manifest {
  readonly modules = new Map<string, WrittenModule>()
  readonly entries = new Map<string, WrittenEntry>()
  readonly files = new Map<string, string | null>()
  readonly externals = new Map<string, Map<string, string>>()
  readonly sources = new Map<string, string>()
  readonly packages = new Map<string, WrittenPackage>()
  readonly found = new Map<string, string | null>()
  readonly index: Index

  constructor(stamp: string) {
    this.index = { version: VERSION, stamp, layers: [] }
  }

  add(layer: Layer, hash: string): void {
    for (const [id, module] of layer.modules) this.modules.set(id, module)
    for (const [id, entry] of layer.entries) this.entries.set(id, entry)
    for (const [file, content] of layer.files) this.files.set(file, content)
    for (const [file, importers] of layer.externals) this.externals.set(file, new Map(importers))
    for (const [id, written] of layer.sources) this.sources.set(id, written)
    for (const [folder, written] of layer.packages) this.packages.set(folder, written)
    for (const [name, real] of layer.found) this.found.set(name, real)
    const file = layerFile(layer.number)
    this.files.set(file, hash)
    this.index.layers.push({ file, hash })
  }

  /** What the URL of each file ends with. */
  get version(): string {
    return `?v=${this.index.stamp}`
  }

  /** Where a file is, seen from another. */
  urlOf(file: string): string {
    return `./${file}${this.version}`
  }

  /** The file that is at a URL, if it is one of these. */
  fileAt(url: string): string | undefined {
    const isFile = url.startsWith('./') && url.endsWith(this.version)
    return isFile ? url.slice('./'.length, -this.version.length) : undefined
  }

  get layers(): number {
    return this.index.layers.length
  }

  /** The index that follows when one more layer is committed. */
  indexWith(layer: Layer, hash: string): string {
    const layers = [...this.index.layers, { file: layerFile(layer.number), hash }]
    return JSON.stringify({ ...this.index, layers })
  }
}

/** Reads an index; throws when it is none of this version. */
export function parseIndex(text: string): Index {
  const index = JSON.parse(text) as Partial<Index> | null
  if (index?.version !== VERSION) throw new Error(`its version is ${index?.version}, not ${VERSION}`)
  if (typeof index.stamp !== 'string' || !Array.isArray(index.layers)) throw new Error('it is not complete')
  return index as Index
}
