import { isAbsolute, join } from 'node:path'
import type { Rolldown } from 'vite'
import { isBareId } from '../module-ids.js'
import type { EntriesByFolder, EntryChunk } from '../vite-internals/rolldown.js'
import type { Run } from './additive.js'
import { hashOf } from './hash.js'
import type { LayerPlan } from './layer-plan.js'
import type { DescribedLayer } from './layer-files.js'
import type { BundledLayer, LayerBuild } from './layer-rolldown.js'
import { type Pairs, type WrittenEntry, type WrittenModule, entryFile } from './manifest.js'
import { type Parse, directivesOf, starExports } from './module-syntax.js'
import { Groups, NO_PACKAGE, packageOf } from './packages.js'
import { Catalogs, nameOf } from './rolldown-catalog.js'
import { chunksOf, mapOf, neededBy } from './rolldown-chunks.js'
import { withoutDirectives, withoutRun } from './rolldown-entries.js'
import { ParsedModules, RUNTIME, hasStars, importsOf } from './rolldown-modules.js'
import { PrintedModules } from './rolldown-printed.js'
import { contentOf } from './store.js'
import { FILE, type Facade, MJS, REQUIRE, exportsOf, facadeOf, prologueOf, requireOf, stubOf } from './stubs.js'

/** The entry of a layer that brings no module. */
export const EMPTY = '\0evenkeel:empty'
/** In front of an id that is no path. */
const ID = 'evenkeel:id/'

/**
 * What has a chunk of its own: each package, as far as the same entries need it, or all that the same entries need. Those of entries
 * never import each other in a circle, since what a module imports is needed by all who need the module.
 */
export type Grouping = 'packages' | 'entries'

/** What is bundled for a module of an earlier layer. */
type Stub = Pick<Rolldown.SourceDescription, 'moduleType' | 'moduleSideEffects'> & { code: string }

/** A chunk that is not written again, and what its file is called. */
interface SharedRuntime {
  chunk: Rolldown.OutputChunk
  fileName: string
}

/** What one run of Rolldown makes of a layer: stubs of what there is, and what was printed of what is new. */
export class LayerBundler {
  readonly #plan: LayerPlan
  readonly #isListed: (id: string) => boolean
  readonly #run: Run
  readonly #grouping: Grouping
  readonly #groups: Groups
  readonly #directives = new Map<string, string[]>()
  /** The directives of the prologues that have been seen. */
  readonly #prologues = new Map<string, string[]>()
  /** Modules that are no JavaScript. */
  readonly #others = new Set<string>()
  /** By module: what it imports that is no file. */
  readonly #externals = new Map<string, string[]>()
  readonly #parsed: ParsedModules
  readonly #catalogs = new Catalogs()
  /** Modules that re-export others as a whole, and how many exports are listed of each. */
  readonly #starred = new Map<string, number>()
  readonly #version: string
  /** Where the build can return entries that it does not write. */
  #returned: EntriesByFolder | undefined
  #taken: { layer: BundledLayer; maps: Set<string> } | undefined
  /** The files that other plugins have emitted. */
  #emitted: string[] = []
  #described: Promise<DescribedLayer> | undefined

  constructor(
    { run, returned, isListed = () => true }: Pick<LayerBuild, 'run' | 'returned' | 'isListed'>,
    grouping: Grouping,
    hasExternals: boolean,
  ) {
    const { plan } = run
    this.#run = run
    this.#grouping = grouping
    this.#returned = returned
    this.#plan = plan
    this.#isListed = isListed
    this.#groups = new Groups(Object.values(plan.fresh).map(packageNameOf))
    this.#version = plan.base.version
    const isWritten = (id: string) => plan.base.fileAt(id) !== undefined
    this.#parsed = new ParsedModules(Object.values(plan.fresh), isWritten, hasExternals)
  }

  resolve(id: string): Rolldown.ResolveIdResult {
    const listed = this.#catalogs.resolve(id)
    if (listed !== undefined) return listed
    if (id.startsWith(ID)) return id.slice(ID.length)
    if (id.startsWith(FILE)) return { id: this.#plan.base.urlOf(id.slice(FILE.length)), external: true }
    return id.startsWith('\0') ? id : `\0${id}`
  }

  /** Whether there is anything to be loaded that is no file. */
  get loads(): boolean {
    return this.#plan.base.modules.size > 0 || Object.keys(this.#plan.fresh).length === 0
  }

  /** Plugins that transform modules know nothing of stubs: they are to see what they have seen before, and `stub` comes after them. */
  load(id: string, isTransformed: boolean): Rolldown.LoadResult {
    const stub = this.stub(id)
    if (!stub || !this.#plan.base.modules.has(id)) return stub
    this.#groups.sawStub(packageNameOf(id))
    return isTransformed ? undefined : stub
  }

  /** What a layer has for what is in an earlier one, or for nothing. */
  stub(id: string): Stub | undefined {
    if (id === EMPTY) return { code: 'export {}', moduleType: 'js' }
    const catalog = this.#catalogs.code(id)
    if (catalog !== undefined) return { code: catalog, moduleType: 'js', moduleSideEffects: true }
    const { modules } = this.#plan.base
    if (id.startsWith(`\0${REQUIRE}`)) {
      const module = modules.get(stubbedBy(id))
      return module?.kind === 'cjs' ? { code: requireOf(module), moduleType: 'js' } : undefined
    }
    const module = modules.get(id)
    // Nobody must have it twice.
    if (module?.kind === 'opaque')
      throw new Error(`${id} is in an earlier layer, and cannot be reached there: ${module.why}`)
    if (!module) return undefined
    // What its package says of side effects is about the module. The stub of a wrapped one has to run it.
    const runs = module.kind === 'esm' && module.init !== undefined
    return { code: stubOf(id, module, specifierOf), moduleType: 'js', ...(runs && { moduleSideEffects: true }) }
  }

  /** A module that may have directives. */
  readDirectives(code: string, id: string, parse: Parse): void {
    if (this.#isKnown(id)) return
    const directives = directivesOf(code, parse, this.#prologues)
    if (directives.length > 0) this.#directives.set(id, directives)
  }

  /** A module that is no JavaScript. */
  sawOther(id: string): void {
    this.#others.add(id)
  }

  /** A module has been read, and nothing of what it imports. Those that re-export others as a whole are listed last. */
  parsed(context: Rolldown.PluginContext, info: Rolldown.ModuleInfo): void | Promise<void> {
    const { id } = info
    if (this.#catalogs.has(id)) return this.#catalogs.parsed(info)
    const imports = importsOf(info)
    const isLast = this.#parsed.parsed(context, info, imports)
    if (this.#isKnown(id)) this.#seeExternals(id, imports)
    else this.#see(context, info, imports)
    if (isLast instanceof Promise) return isLast.then((isLast) => (isLast ? this.#endCatalog(context) : undefined))
    if (isLast) this.#endCatalog(context)
  }

  #see(context: Rolldown.PluginContext, info: Rolldown.ModuleInfo, imports: string[]): void {
    const { id } = info
    const own = packageNameOf(id)
    this.#groups.sawModule(own)
    for (const imported of imports) {
      const name = packageNameOf(imported)
      if (name !== NO_PACKAGE) this.#groups.sawImport(own, name)
    }
    this.#seeExternals(id, imports)
    const { isEsm, exports } = this.#parsed.get(id) ?? {}
    if (!isEsm || !this.#isListed(id)) return
    if (hasStars(info)) this.#starred.set(id, -1)
    else this.#catalogs.add(context, id, exports ?? [])
  }

  #seeExternals(id: string, imports: string[]): void {
    const named = imports.filter(isBareId)
    if (named.length > 0) this.#externals.set(id, named)
  }

  /** What a chunk may import that is not bundled, and for which of its modules. */
  #externalsOf(context: Rolldown.PluginContext, { moduleIds }: Rolldown.OutputChunk): Pairs<string> {
    const importers = new Map<string, string>()
    for (const id of moduleIds) {
      for (const named of this.#externals.get(id) ?? []) {
        // Vite has a module of its own for what is required.
        const importer = isAbsolute(id) ? id : context.getModuleInfo(id)?.importers.find((other) => isAbsolute(other))
        if (importer !== undefined && !importers.has(named) && !this.#parsed.get(named)) importers.set(named, importer)
      }
    }
    return [...importers]
  }

  #endCatalog(context: Rolldown.PluginContext): void {
    for (const [id, listed] of this.#starred) {
      const names = this.#namesOf(id)
      if (names.length === listed) continue
      this.#starred.set(id, names.length)
      this.#catalogs.add(context, id, names)
    }
    this.#catalogs.end(context)
  }

  #namesOf(id: string): string[] {
    return this.#parsed.namesOf(id, (id) => {
      const module = this.#plan.base.modules.get(id)
      return module && (module.kind === 'esm' ? exportsOf(module) : [])
    })
  }

  get #readIds(): string[] {
    return this.#parsed.ids.filter((id) => !this.#isKnown(id))
  }

  /** Nothing more is read. While Rolldown links and prints, what is installed is looked at. */
  allParsed(): void {
    const ids = this.#readIds
    setImmediate(() => this.#run.lookAt(ids))
  }

  /** The pattern of the name of a file. */
  pattern(chunk: Rolldown.PreRenderedChunk): string {
    return `${this.#nameOf(chunk)}-[hash].js${this.#version}`
  }

  /** The same for its map, which has no version. Rolldown below 1.1 does not ask for it. */
  mapPattern(chunk: Rolldown.PreRenderedChunk): string {
    return `${this.#nameOf(chunk)}-[chunkhash].js.map`
  }

  #nameOf(chunk: Rolldown.PreRenderedChunk): string {
    return `${chunk.isEntry ? `${chunk.name}~entry` : nameOf(chunk)}-L${this.#plan.number}`
  }

  /** The name of a module's chunk. */
  group(id: string): string | null {
    if (id === RUNTIME || this.#catalogs.has(id)) return null
    if (this.#grouping === 'entries') return 'shared'
    const module = id.startsWith(`\0${REQUIRE}`) ? stubbedBy(id) : id
    const name = packageNameOf(module)
    // Of modules in no package it is not known who imports them: beside new ones, their stubs could make chunks import each other.
    if (name === NO_PACKAGE && this.#plan.base.modules.has(module)) return 'known'
    return this.#groups.of(name).replace('/', '_') || 'other'
  }

  /** Takes all chunks out of a folder's bundle: Vite is to see the entries alone, as facades that import nothing. */
  async take(context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle, folder?: string): Promise<void> {
    // A build of another copy of Rolldown returns nothing but what it writes.
    if (folder === undefined || !this.#returned?.has(folder)) this.#returned = undefined
    const layer: BundledLayer = {
      modules: new Map(),
      read: this.#readIds,
      entries: new Map(),
      files: new Map(),
      externals: [],
    }
    const all = chunksOf(bundle)
    const { chunks, printed } = this.#read(context, all)
    for (const [id, module] of printed.modules) layer.modules.set(id, this.#withDirectives(id, module))
    for (const { fileName } of all) delete bundle[fileName]
    for (const [name, src, facade] of this.#plan.known) layer.entries.set(name, { src, ...facade })
    const dynamic = new Set(chunks.flatMap(({ dynamicImports }) => dynamicImports))
    const imported = new Set(chunks.flatMap(({ imports }) => imports))
    const runtime = this.#sharedRuntime(chunks)
    for (const chunk of chunks) {
      const isFacade = this.#addEntry(context, chunk, layer) && !dynamic.has(chunk.fileName)
      const hasOwnCode = chunk.moduleIds.some((id) => id !== EMPTY)
      const isNeeded = chunk !== runtime?.chunk && (!isFacade || hasOwnCode || imported.has(chunk.fileName))
      if (isNeeded) {
        this.#addFile(context, chunk, isFacade, layer, printed, runtime)
        const externals = this.#externalsOf(context, chunk)
        if (externals.length > 0) layer.externals.push([this.#fileOf(chunk), externals])
      }
      this.#takeMap(bundle, chunk, isNeeded, layer)
    }
    for (const chunk of all) if (!chunks.includes(chunk)) delete bundle[mapOf(chunk)]
    this.#emitEntries(context, layer)
    this.#taken = { layer, maps: new Set(all.map(mapOf)) }
  }

  /** What is printed of the modules that entries need, and how they can be reached. */
  #read(
    context: Rolldown.PluginContext,
    all: Rolldown.OutputChunk[],
  ): { chunks: Rolldown.OutputChunk[]; printed: PrintedModules } {
    const { printed, catalogs } = this.#catalogs.take(all)
    // An entry that a plugin has emitted may have become a part of another chunk.
    const hasEntry = ({ isEntry, moduleIds }: Rolldown.OutputChunk) =>
      isEntry || moduleIds.some((id) => context.getModuleInfo(id)?.isEntry)
    const chunks = neededBy(
      all.filter((chunk) => hasEntry(chunk) && !catalogs.has(chunk)),
      all,
    )
    const fileIn = (chunk: Rolldown.OutputChunk) => ({
      file: this.#fileOf(chunk),
      chunk,
      ids: chunk.moduleIds.filter((id) => !this.#isKnown(id)),
    })
    const known = {
      base: this.#plan.base,
      parsed: this.#parsed,
      importsOf: (id: string) => {
        const info = context.getModuleInfo(id)
        return info ? importsOf(info) : []
      },
      printed,
      files: chunks.map(fileIn),
      unused: all.filter((chunk) => !chunks.includes(chunk)).map(fileIn),
      others: this.#others,
    }
    return { chunks, printed: new PrintedModules(known) }
  }

  #withDirectives(id: string, module: WrittenModule): WrittenModule {
    const directives = this.#directives.get(id)
    return directives && module.kind !== 'opaque' ? { ...module, directives } : module
  }

  /**
   * The bundle is as it will be written. What other plugins have emitted Rolldown writes in this run alone, and later ones have to
   * have it as well. Rolldown below 1.2 still has maps that have been deleted.
   */
  finish(bundle: Rolldown.OutputBundle): void {
    const { layer, maps } = this.#taken ?? {}
    if (!layer) return
    const assets = Object.values(bundle).flatMap(({ type, fileName }) => (type === 'asset' ? fileName : []))
    this.#emitted = assets.filter((file) => !maps?.has(file) && !layer.files.has(file))
    // Meanwhile Rolldown writes, for which it calls no hook.
    if (this.#emitted.length === 0) this.#described = inNextTurn(() => this.#run.describe(layer))
  }

  /** Vite has written its entries into the folder that it is about to commit. */
  async written(folder: string): Promise<void> {
    const layer = this.#taken?.layer
    if (!layer) return
    for (const file of this.#emitted) {
      // Rolldown below 1.2 names files that a plugin has taken away again.
      const content = contentOf(join(folder, file))
      if (content) layer.files.set(file, { hash: hashOf(content) })
    }
    await this.#run.bundled(this.#described ?? this.#run.describe(layer), folder)
    this.#returned?.set(folder, this.#plan.carried.map(entryChunk))
  }

  failed(error: Error): void {
    this.#run.failed(error)
  }

  #fileOf({ fileName }: Rolldown.OutputChunk): string {
    return fileName.slice(0, -this.#version.length)
  }

  /** Whether a module is none of those that this layer brings. */
  #isKnown(id: string): boolean {
    return id === RUNTIME || id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)
  }

  /** Leaves a map to Rolldown where it has given it the right name: maps are longer than code. */
  #takeMap(bundle: Rolldown.OutputBundle, chunk: Rolldown.OutputChunk, isNeeded: boolean, layer: BundledLayer): void {
    const name = `${this.#fileOf(chunk)}.map`
    const printed = mapOf(chunk)
    const map = bundle[printed]
    if (map?.type !== 'asset') return
    const isLeft = isNeeded && printed === name
    if (isNeeded) layer.files.set(name, isLeft ? { hash: null } : String(map.source))
    if (!isLeft) delete bundle[printed]
  }

  /** The runtime, where an earlier layer has the same: it keeps no state, and most layers need the same of it. */
  #sharedRuntime(chunks: Rolldown.OutputChunk[]): SharedRuntime | undefined {
    const chunk = chunks.find(({ moduleIds: [id, ...others] }) => id === RUNTIME && others.length === 0)
    const hash = chunk && hashOf(chunk.code)
    const [file] = [...this.#plan.base.files].find(([, written]) => written === hash) ?? []
    return chunk && file ? { chunk, fileName: file + this.#version } : undefined
  }

  #addFile(
    context: Rolldown.PluginContext,
    chunk: Rolldown.OutputChunk,
    isFacade: boolean,
    layer: BundledLayer,
    { kept, wrappers }: PrintedModules,
    runtime?: SharedRuntime,
  ): void {
    const file = this.#fileOf(chunk)
    const entry = isFacade && chunk.facadeModuleId ? layer.modules.get(chunk.facadeModuleId) : undefined
    const exports = [...(kept.get(file) ?? [])].map(([local, name]) => `${local} as ${name}`)
    const suffix = exports.length > 0 ? `\nexport { ${exports.join(', ')} };\n` : ''
    const code = entry ? withoutRun(chunk.code, entry, wrappers.get(chunk.facadeModuleId ?? '')) : chunk.code
    const printed = withoutDirectives(code)
    const source = Buffer.from((runtime ? printed.replace(runtime.chunk.fileName, runtime.fileName) : printed) + suffix)
    context.emitFile({ type: 'asset', fileName: file, source })
    layer.files.set(file, { hash: hashOf(source) })
  }

  /** Adds the entry of a chunk; returns whether nobody but Vite needs the chunk as it is printed. */
  #addEntry(context: Rolldown.PluginContext, chunk: Rolldown.OutputChunk, layer: BundledLayer): boolean {
    const { name, facadeModuleId, isEntry } = chunk
    if (facadeModuleId === EMPTY) return true
    const src = this.#plan.fresh[name]
    if (!isEntry || !facadeModuleId || src === undefined) return false
    const module = layer.modules.get(facadeModuleId) ?? this.#plan.base.modules.get(facadeModuleId)
    const facade = module && facadeOf(module, this.#version)
    layer.entries.set(name, {
      src,
      ...(facade ?? this.#plainFacade(facadeModuleId, chunk, module, (code) => context.parse(code))),
    })
    return facade !== undefined
  }

  /** The facade of an entry whose exports the printed chunk alone tells. A chunk also exports what other chunks need of it. */
  #plainFacade(
    id: string,
    { fileName, exports: printed, code }: Rolldown.OutputChunk,
    module: WrittenModule | undefined,
    parse: Parse,
  ): Facade {
    const isEsm = this.#parsed.get(id)?.isEsm
    const own = module?.kind === 'esm' ? exportsOf(module) : isEsm ? this.#namesOf(id) : undefined
    const exports = own ? printed.filter((name) => own.includes(name)) : printed
    const names = exports.map((name) => JSON.stringify(name)).join(', ')
    const stars = starExports(code, parse).map((specifier) => `export * from ${JSON.stringify(specifier)};\n`)
    const known = module?.kind === 'opaque' ? undefined : module?.directives
    const directives = this.#directives.get(id) ?? known
    return {
      code: `${prologueOf(directives)}export { ${names} } from ${JSON.stringify(`./${fileName}`)};\n${stars.join('')}`,
      exports,
    }
  }

  #emitEntries(context: Rolldown.PluginContext, layer: BundledLayer): void {
    const written = this.#returned ? layer.entries : [...this.#plan.carried, ...layer.entries]
    for (const [name, { code, exports }] of written) {
      context.emitFile({ type: 'prebuilt-chunk', fileName: entryFile(name), code, exports, isEntry: true })
    }
  }
}

/** How a module is imported by its id, which may be a plugin's own. */
function specifierOf(id: string): string {
  return /[\0?#]/.test(id) ? ID + id : id
}

/** Does something once Rolldown has been told that the hook is done. A failure is for those who wait for the result. */
function inNextTurn<T>(work: () => T): Promise<T> {
  const done = new Promise<void>((resolve) => setImmediate(resolve)).then(work)
  done.catch(() => undefined)
  return done
}

function packageNameOf(id: string): string {
  return packageOf(id)?.name ?? NO_PACKAGE
}

/** As Rolldown returns an entry that a plugin has emitted. */
function entryChunk([name, { code, exports }]: [name: string, entry: WrittenEntry]): EntryChunk {
  const fileName = entryFile(name)
  return { type: 'chunk', name, fileName, code, exports, imports: [], isEntry: true, isDynamicEntry: false }
}

/** The module whose function this stub requires. */
function stubbedBy(id: string): string {
  return id.slice(`\0${REQUIRE}`.length, -MJS.length)
}
