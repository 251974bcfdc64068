import type { Rolldown } from 'vite'
import { type Manifest, type Names, PREFIX, type Property, type Star, type WrittenModule } from './manifest.js'
import { isBlank } from './module-syntax.js'
import { type Printed, type Reach, importsIn } from './rolldown-catalog.js'
import type { ParsedModules } from './rolldown-modules.js'

/** A module in a function, as Rolldown prints it: at the beginning of a line, because a package may have functions of the same name. */
const WRAPPER = /^var (\S+) = (?:\/\* @__PURE__ \*\/ )?__(commonJS|esm)\w*\(/gm
const EXPORTED = /([^\s{},]+)(?: as ([^\s{},]+))?(?=,| \})/g

type EsmModule = Extract<WrittenModule, { kind: 'esm' }>

/** A file that has been printed, and the new modules in it. */
export interface PrintedFile {
  file: string
  chunk: Rolldown.OutputChunk
  ids: string[]
}

/** What is known of the modules of a layer. */
export interface KnownModules {
  base: Manifest
  parsed: ParsedModules
  importsOf: (id: string) => string[]
  printed: Printed
  files: PrintedFile[]
  /** What only catalogs need; it is not written. */
  unused: PrintedFile[]
  /** Modules that are no JavaScript. */
  others: ReadonlySet<string>
}

/** How the modules of a layer can be reached in the files that Rolldown has printed. */
export class PrintedModules {
  readonly modules = new Map<string, WrittenModule>()
  /** Local names that a file has to export besides what it does, and as what; by file. */
  readonly kept = new Map<string, Map<string, string>>()
  /** The local functions that run modules which do not run with their file. */
  readonly wrappers = new Map<string, string>()
  readonly #known: KnownModules
  readonly #places = new Map<string, PrintedFile>()
  /** The files that are not written, by how they are imported. */
  readonly #unwritten: ReadonlyMap<string, PrintedFile>
  /** The modules in them. */
  readonly #unneeded: ReadonlySet<string>
  /** By what they are in files that are not written. */
  readonly #unused: ReadonlyMap<string, { id: string; exported: string }>
  /** What runs the modules that do not run with their file; `undefined`, where that cannot be told. */
  readonly #runs = new Map<string, { name: string; isAsync: boolean } | undefined>()

  constructor(known: KnownModules) {
    this.#known = known
    for (const printed of known.files) for (const id of printed.ids) this.#places.set(id, printed)
    this.#unwritten = new Map(known.unused.map((printed) => [known.base.urlOf(printed.file), printed]))
    this.#unneeded = new Set(known.unused.flatMap(({ ids }) => ids))
    this.#unused = this.#unusedExports()
    for (const printed of known.files) this.#findRuns(printed)
    for (const [id, printed] of this.#places) this.#add(id, this.#listed(id) ?? this.#unlisted(id, printed))
    for (const [id, exports] of known.printed.exports) {
      // Nothing is printed of what only re-exports. Its importers run what does not run with its file, so it is bundled again.
      const isPrinted = this.#places.has(id) || this.#unneeded.has(id)
      if (exports.length > 0 && !isPrinted && !this.#hasRuns(id)) this.#add(id, this.#listed(id))
    }
    for (const [id, module] of this.modules) this.#addStars(id, module)
  }

  #add(id: string, module: WrittenModule | undefined): void {
    if (module) this.modules.set(id, module)
  }

  #codeOf(id: string): string {
    return this.#places.get(id)?.chunk.modules[id]?.code ?? ''
  }

  /**
   * Of several modules that export the same, the one that it is of. That is in the file that has it, before those that re-export it:
   * modules are printed in the order in which they run.
   */
  #unusedExports(): Map<string, { id: string; exported: string }> {
    const { printed, unused, base } = this.#known
    const found = unused.flatMap(({ file, ids }) =>
      ids.flatMap((id) =>
        (printed.exports.get(id) ?? []).flatMap(([exported, reach]) =>
          reach && this.#unwritten.has(reach.from)
            ? [{ id, exported, reach, isHere: base.fileAt(reach.from) === file }]
            : [],
        ),
      ),
    )
    // The last one counts.
    const ordered = found.toReversed().sort((one, other) => Number(one.isHere) - Number(other.isHere))
    return new Map(ordered.map(({ id, exported, reach }) => [keyOf(reach), { id, exported }]))
  }

  /** Which of the functions that catalogs call runs which module of a file. */
  #findRuns({ file, chunk, ids }: PrintedFile): void {
    const { printed, parsed, base } = this.#known
    // Several parts of a catalog may call the same.
    const all = printed.runs.filter(({ from }) => base.fileAt(from) === file)
    const called = [...new Map(all.map((run) => [run.name, run])).values()]
    const isUnclear = !printed.isWhole && chunk.code.includes('__esm')
    if (called.length === 0 && !isUnclear) return
    const locals = localsOf(chunk.code)
    const runs = new Map(called.map((run) => [locals.get(run.name), run]))
    const esm = ids.filter((id) => parsed.get(id)?.isEsm)
    const found = esm.flatMap((id) => {
      const names = [...this.#codeOf(id).matchAll(WRAPPER)].map(([, name = '']) => name)
      return names.filter((name) => runs.has(name)).map((name) => [id, name] as const)
    })
    const isCertain = !isUnclear && found.length === called.length && new Map(found).size === called.length
    for (const id of isCertain ? [] : esm) this.#runs.set(id, undefined)
    for (const [id, name] of isCertain ? found : []) {
      this.#runs.set(id, runs.get(name))
      this.wrappers.set(id, name)
    }
  }

  /** A module whose exports a catalog tells. */
  #listed(id: string): WrittenModule | undefined {
    const exports = this.#known.printed.exports.get(id)
    const { file } = this.#places.get(id) ?? {}
    if (!exports) return undefined
    // What is not printed has no state: it may be bundled again.
    const opaque = (why: string): WrittenModule | undefined =>
      file === undefined ? undefined : { kind: 'opaque', file, why }
    const run = this.#runs.get(id)
    if (this.#runs.has(id) && !run) return opaque('it is not known what runs it')
    if (run?.isAsync) return opaque('it runs when it is needed, and has to be waited for')
    const module = this.#reachedBy(exports, file === undefined ? this.#filesOfImports(id) : [file])
    return module ? { ...module, ...(run && { init: run.name }) } : opaque('its exports are not printed as expected')
  }

  #reachedBy(exports: Array<[exported: string, reach: Reach | undefined]>, own: string[]): EsmModule | undefined {
    const files = new Map(own.map((file): [string, Names] => [file, {}]))
    const unused = new Map<string, Names>()
    const properties: Array<Omit<Property, 'file'> & { in: string }> = []
    for (const [exported, printed] of exports) {
      if (!printed) continue
      // No object can have it.
      if (exported === '__proto__') return undefined
      const origin = this.#unwritten.has(printed.from) ? this.#unused.get(keyOf(printed)) : undefined
      // It can be loaded by the build alone that has resolved it.
      if (origin?.id.includes('\0')) return undefined
      const reach = origin ? undefined : this.#written(printed)
      const file = reach && this.#known.base.fileAt(reach.from)
      if (origin) namesIn(unused, origin.id)[exported] = origin.exported
      else if (!reach || file === undefined) return undefined
      else if (reach.property === undefined) namesIn(files, file)[exported] = reach.name
      else {
        namesIn(files, file)
        properties.push({ exported, in: file, name: reach.name, property: reach.property })
      }
    }
    const numbers = [...files.keys()]
    const read = properties.map(({ in: file, ...property }) => ({ ...property, file: numbers.indexOf(file) }))
    return {
      kind: 'esm',
      files: numbers,
      exports: [...files.values()],
      ...(unused.size > 0 && { unused: [...unused] }),
      ...(read.length > 0 && { properties: read }),
    }
  }

  /** Where something is in files that are written: one that is not may import it itself, as stubs do. */
  #written(reach: Reach): Reach | undefined {
    const { chunk } = this.#unwritten.get(reach.from) ?? {}
    if (!chunk) return reach
    const imported = importsIn(chunk.code).get(localsOf(chunk.code).get(reach.name) ?? '')
    return imported && this.#written({ ...reach, ...imported })
  }

  /** Whether a module of which nothing is printed imports one that does not run with its file. */
  #hasRuns(id: string, seen = new Set([id])): boolean {
    const { base, importsOf } = this.#known
    return importsOf(id).some((imported) => {
      const known = base.modules.get(imported)
      if (known) return known.kind === 'esm' && known.init !== undefined
      if (this.#runs.has(imported)) return true
      if (seen.has(imported) || this.#places.has(imported)) return false
      seen.add(imported)
      return this.#hasRuns(imported, seen)
    })
  }

  /** The files that run what a module imports. */
  #filesOfImports(id: string, seen = new Set<string>()): string[] {
    const { base, importsOf } = this.#known
    const imports = importsOf(id).filter((imported) => !seen.has(imported))
    for (const imported of imports) seen.add(imported)
    const files = imports.flatMap((imported) => {
      const { file } = this.#places.get(imported) ?? {}
      const known = base.modules.get(imported)
      if (file !== undefined) return file
      if (known) return filesOf(known).slice(0, 1)
      // Nobody runs what it imports.
      if (this.#unneeded.has(imported)) return []
      return this.#known.printed.exports.get(imported)?.length ? this.#filesOfImports(imported, seen) : []
    })
    return [...new Set(files)]
  }

  /** A module that no catalog has: it is CommonJS, or neither imports nor exports. */
  #unlisted(id: string, { file }: PrintedFile): WrittenModule | undefined {
    const code = this.#codeOf(id)
    const opaque: WrittenModule = { kind: 'opaque', file, why: 'neither ESM nor CommonJS' }
    if (code === '') return undefined
    const wrapper = wrapperIn(code)
    if (wrapper?.kind === 'commonJS' && !this.#known.parsed.get(id)?.isEsm) {
      this.wrappers.set(id, wrapper.name)
      return { kind: 'cjs', file, require: this.#keep(file, wrapper.name) }
    }
    // There is nothing to reach but its effects. What is left after its comments is a statement.
    const isScript = !wrapper && !this.#known.others.has(id) && !this.#known.parsed.get(id)?.isEsm
    return isScript && !isBlank(code) ? { kind: 'esm', files: [file], exports: [{}] } : opaque
  }

  #keep(file: string, local: string): string {
    const kept = this.kept.get(file) ?? new Map<string, string>()
    this.kept.set(file, kept.set(local, PREFIX + local))
    return PREFIX + local
  }

  #addStars(id: string, module: WrittenModule): void {
    const { parsed, base } = this.#known
    if (module.kind !== 'esm') return
    const stars = (parsed.get(id)?.stars ?? []).flatMap((star): Star[] => {
      if (!parsed.get(star) && !base.modules.has(star)) return [{ external: star }]
      return this.#isNamed(star) ? [] : [{ module: star }]
    })
    if (stars.length > 0) module.stars = stars
  }

  /** Whether all exports of a module have names, so that a module that re-exports them has them itself. */
  #isNamed(id: string, seen = new Set<string>()): boolean {
    const { parsed, base } = this.#known
    const known = base.modules.get(id)
    if (known) return known.kind === 'esm' && !known.stars
    const module = this.modules.get(id)
    if (module ? module.kind !== 'esm' : !parsed.get(id)?.isEsm) return false
    seen.add(id)
    return (parsed.get(id)?.stars ?? []).every((star) => seen.has(star) || this.#isNamed(star, seen))
  }
}

function keyOf({ from, name, property }: Reach): string {
  return property === undefined ? `${from} ${name}` : `${from} ${name} ${property}`
}

function namesIn(all: Map<string, Names>, from: string): Names {
  const names = all.get(from) ?? {}
  all.set(from, names)
  return names
}

function filesOf(module: WrittenModule): string[] {
  return module.kind === 'esm' ? module.files : [module.file]
}

/** The local names of what a file exports. */
function localsOf(code: string): Map<string, string> {
  const names = code.slice(code.lastIndexOf('\nexport {'))
  return new Map([...names.matchAll(EXPORTED)].map(([, local = '', exported = local]) => [exported, local]))
}

function wrapperIn(code: string): { kind: string; name: string } | undefined {
  const [[, name = '', kind = ''] = []] = code.matchAll(WRAPPER)
  return name === '' ? undefined : { kind, name }
}
