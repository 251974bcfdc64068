import { isAbsolute, join, relative } from 'node:path'
import type { Metafile, OutputFile } from 'esbuild'
import { type Parser, PrintedFile, unmarkedMap } from './esbuild-extraction.js'
import { EMPTY, type LayerInputs, pathIn } from './esbuild-inputs.js'
import type { LayerPlan } from './layer-plan.js'
import type { BundledLayer } from './layer-rolldown.js'
import { isBareId } from '../module-ids.js'
import type { Pairs, Star, WrittenModule } from './manifest.js'
import { normalizePath } from './packages.js'
import { leadsElsewhere } from './module-paths.js'
import { exportName, facadeOf } from './stubs.js'

type Chunk = Metafile['outputs'][string] & { file: string; path: string; output: OutputFile }

/** What esbuild has printed of a layer, to be taken apart. */
export class LayerOutputs {
  readonly #plan: LayerPlan
  readonly #inputs: LayerInputs
  readonly #parser: Parser
  readonly #folder: string
  readonly #root: string

  /** The files are for `folder`; esbuild calls all files by their paths from `root`. */
  constructor(plan: LayerPlan, inputs: LayerInputs, parser: Parser, folder: string, root: string) {
    this.#plan = plan
    this.#inputs = inputs
    this.#parser = parser
    this.#folder = folder
    this.#root = root
  }

  /** All that was bundled; Vite is to see the entries alone, as facades that import nothing. */
  async layer(metafile: Metafile, files: OutputFile[]): Promise<BundledLayer> {
    const read = [...this.#inputs.loaded.values()]
    const layer: BundledLayer = { modules: new Map(), read, entries: new Map(), files: new Map(), externals: [] }
    const chunks = this.#chunks(metafile, files, layer)
    const printed = new Map<Chunk, PrintedFile>()
    /** By what esbuild calls them. */
    const starred = new Map<string, string>()
    for (const chunk of chunks) {
      const map = mapOf(chunk)
      const text = layer.files.has(map) ? referringTo(map, chunk.output.text) : chunk.output.text
      const file = await PrintedFile.parse(text, this.#inputs.isLazy, this.#parser).catch((error: unknown) => {
        if (this.#inputs.isLazy) throw error
        return PrintedFile.opaque(text)
      })
      printed.set(chunk, file)
      for (const [path, id] of this.#addModules(chunk, file, metafile, layer)) starred.set(path, id)
      const externals = this.#externals(chunk, metafile)
      if (externals.length > 0) layer.externals.push([chunk.file, externals])
    }
    for (const [path, id] of starred) this.#addStars(path, id, [...starred.values()], metafile, layer)
    for (const [name, src, facade] of this.#plan.known) layer.entries.set(name, { src, ...facade })
    const imports = chunks.flatMap(({ imports }) => imports)
    const imported = new Set(imports.map(({ path }) => path))
    const dynamic = new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path))
    for (const [chunk, file] of printed) {
      const entry = this.#addEntry(chunk, file, layer)
      if (entry && !dynamic.has(chunk.path)) file.withoutRun(entry)
      if (!entry || imported.has(chunk.path) || this.#hasOwnCode(chunk)) layer.files.set(chunk.file, String(file))
      else layer.files.delete(mapOf(chunk))
    }
    return layer
  }

  /** The printed files, without those that nobody needs; what else there is belongs to the layer as it is. */
  #chunks({ outputs }: Metafile, files: OutputFile[], layer: BundledLayer): Chunk[] {
    const { version } = this.#plan.base
    const chunks: Chunk[] = []
    for (const output of files) {
      const name = relative(this.#folder, output.path)
      const path = pathIn(this.#root, output.path)
      const known = outputs[path]
      if (name.startsWith(`${EMPTY}~`)) continue
      if (name.endsWith(`.js${version}`) && known)
        chunks.push({ ...known, file: name.slice(0, -version.length), path, output })
      else if (name.endsWith(`.js${version}.map`))
        layer.files.set(`${name.slice(0, -`${version}.map`.length)}.map`, unmarkedMap(output.text))
      else layer.files.set(name, output.contents)
    }
    return chunks
  }

  #hasOwnCode({ inputs }: Chunk): boolean {
    return Object.values(inputs).some(({ bytesInOutput }) => bytesInOutput > 0)
  }

  /** Adds the new modules of a chunk; returns those whose exports are not all known. */
  #addModules(
    { inputs, file, entryPoint }: Chunk,
    printed: PrintedFile,
    metafile: Metafile,
    layer: BundledLayer,
  ): Array<[path: string, id: string]> {
    const starred: Array<[string, string]> = []
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const id = this.#inputs.loaded.get(path)
      if (id === undefined || bytesInOutput === 0) continue
      const module: WrittenModule = leadsElsewhere(path, metafile.inputs[path]?.imports ?? [])
        ? { kind: 'opaque', file, why: 'its own name leads to another module' }
        : printed.module(id, path, file)
      const directives = this.#inputs.directives.get(id)
      layer.modules.set(id, directives && module.kind !== 'opaque' ? { ...module, directives } : module)
      // What an entry re-exports as a whole may be in its file alone.
      const isStarredEntry = path === entryPoint && printed.stars.length > 0
      if (isStarredEntry || printed.hasStars(id)) starred.push([path, id])
    }
    return starred
  }

  #addStars(path: string, id: string, starred: string[], { inputs }: Metafile, layer: BundledLayer): void {
    const module = layer.modules.get(id)
    if (module?.kind !== 'esm') return
    const imports = inputs[path]?.imports ?? []
    const externals = [...new Set(imports.flatMap(({ external, path }) => (external ? path : [])))]
    const stars: Star[] = []
    for (const specifier of this.#inputs.stars.get(id)?.() ?? []) {
      const bundled = imports.find(({ original }) => original === specifier)
      const star = bundled ? this.#idOf(bundled.path) : undefined
      if (star !== undefined) {
        if (starred.includes(star) || !this.#isNamed(star, layer)) stars.push({ module: star })
      } else if (!bundled && externals.includes(specifier)) stars.push({ external: specifier })
      // A plugin has resolved it.
      else if (!bundled && externals.length === 1) stars.push({ external: externals[0] ?? specifier })
      else {
        layer.modules.set(id, {
          kind: 'opaque',
          file: module.files[0] ?? '',
          why: `it is not known what its export * from '${specifier}' exports`,
        })
        return
      }
    }
    module.stars = stars
  }

  /** What a chunk imports that is no file, and for which of its modules. */
  #externals({ inputs, imports }: Chunk, metafile: Metafile): Pairs<string> {
    const named = new Set(imports.flatMap(({ external, path }) => (external && isBareId(path) ? path : [])))
    const importers = new Map<string, string>()
    for (const path of named.size > 0 ? Object.keys(inputs) : []) {
      for (const { path: name, external } of metafile.inputs[path]?.imports ?? []) {
        if (!external || !named.has(name) || importers.has(name)) continue
        // Vite has a module of its own for what is required.
        const importer = this.#fileCalled(path) ?? this.#fileCalled(importerOf(path, metafile))
        if (importer !== undefined) importers.set(name, importer)
      }
    }
    return [...importers]
  }

  #fileCalled(path: string | undefined): string | undefined {
    const id = this.#idOf(path)
    return id !== undefined && isAbsolute(id) ? id : undefined
  }

  /** The module that esbuild calls so, of this layer or of an earlier one. */
  #idOf(path: string | undefined): string | undefined {
    const loaded = path === undefined ? undefined : this.#inputs.loaded.get(path)
    if (path === undefined || loaded !== undefined) return loaded
    const id = normalizePath(join(this.#root, path))
    return this.#plan.base.modules.has(id) ? id : undefined
  }

  /** Whether all exports of a module have names, so that a module that re-exports them has them itself. */
  #isNamed(id: string, layer: BundledLayer): boolean {
    const module = layer.modules.get(id) ?? this.#plan.base.modules.get(id)
    return module?.kind === 'esm' && !module.stars
  }

  /** Adds the entry of a chunk; returns its module where nobody but Vite needs the chunk as it is printed. */
  #addEntry(
    { file, entryPoint, exports }: Chunk,
    printed: PrintedFile,
    layer: BundledLayer,
  ): WrittenModule | undefined {
    const plan = this.#plan
    const name = entryPoint === undefined ? undefined : /^(.+)~entry-L\d+-\w+\.js$/.exec(file)?.[1]
    const src = name === undefined ? undefined : plan.fresh[name]
    if (name === undefined || src === undefined) return undefined
    const module = layer.modules.get(src) ?? plan.base.modules.get(src)
    const facade = module && facadeOf(module, plan.base.version)
    if (facade) {
      layer.entries.set(name, { src, ...facade })
      return module
    }
    const from = JSON.stringify(plan.base.urlOf(file))
    const stars = printed.stars.map((specifier) => `export * from ${JSON.stringify(specifier)};\n`)
    const names = exports.map(exportName)
    layer.entries.set(name, { src, code: `export { ${names.join(', ')} } from ${from};\n${stars.join('')}`, exports })
    return undefined
  }
}

/** A module is marked by an import of itself. */
function importerOf(path: string, { inputs }: Metafile): string | undefined {
  const isImporter = ([importer, { imports }]: [string, Metafile['inputs'][string]]) =>
    importer !== path && imports.some((imported) => imported.path === path)
  return Object.entries(inputs).find(isImporter)?.[0]
}

function mapOf({ file }: Chunk): string {
  return `${file}.map`
}

/** esbuild refers to a map by the URL of its file, in the last line; not at all, if the map is external. */
function referringTo(map: string, printed: string): string {
  const comment = '\n//# sourceMappingURL='
  const start = printed.lastIndexOf(comment)
  const end = start + comment.length
  const isLast = start >= 0 && !printed.slice(end).trimEnd().includes('\n')
  return isLast ? `${printed.slice(0, end)}${map}\n` : printed
}
