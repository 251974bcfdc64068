import { parse as lex } from 'es-module-lexer'
import type { Rolldown } from 'vite'
import { ModulePaths } from './module-paths.js'
import { exportName } from './stubs.js'

/** What a catalog is imported as. */
export const CATALOG = 'evenkeel:catalog/'
/** What a module is imported as that cannot be by its path. */
const MODULE = 'evenkeel:module/'
/** The name of a catalog's entry. Rolldown names chunks after the entries that need them. */
const ENTRY = '_'
/** A function that nobody calls: called with a module's number and all that it exports. */
const EXPORTS = '__evenkeel_exports__'
/** What Rolldown does with the imports of a module takes time that grows with the square of their number. */
const MODULES_OF_A_PART = 200

const NAME = String.raw`[\w$\u0080-\uffff]+`
const LISTED = new RegExp(String.raw`^${EXPORTS}\(([\w.]+)(.*)\);$`, 'gm')
/** A binding, a property of one, or nothing. */
const VALUE = new RegExp(String.raw`, (?:void 0|(${NAME})(?:\.(${NAME})|\[("(?:[^"\\]|\\.)*")\])?)(?=, |$)`, 'y')
/** Calls of what runs modules that somebody requires. */
const RUNS = new RegExp(String.raw`^(?:(?:await )?${NAME}\(\)(?:, |;$))+`, 'gm')
const RUN = new RegExp(String.raw`(await )?(${NAME})\(\)`, 'g')
/** What else is printed: imports come first, and names of modules are in comments. */
const EXPECTED = /^(?:import .* from ".*";|import ".*";|\/\/.*|export \{ {2}\};|)$/
const DEFAULT = new RegExp(String.raw`^\s+(${NAME})(?:,| from)`)
const NAMESPACE = new RegExp(String.raw`\* as (${NAME}) from`)
const NAMES = /\{(.*)\}/s
const SPECIFIER = new RegExp(String.raw`("(?:[^"\\]|\\.)*"|${NAME})(?: as (${NAME}))?`, 'g')
/** A folder's name may have what begins a query or a fragment. */
const QUERY = /[?#]/

/** What an export of a module is in the files that have been printed. */
export interface Reach {
  from: string
  name: string
  /** The export is this property of what has the name. */
  property?: string
}

/** What was printed of all catalogs. */
export interface Printed {
  /** By module: each export, or `undefined` where it is none after all. */
  exports: Map<string, Array<[exported: string, reach: Reach | undefined]>>
  /** What runs modules that somebody requires. */
  runs: Array<Reach & { isAsync: boolean }>
  /** Whether every line of them is as expected. */
  isWhole: boolean
}

type Context = Pick<Rolldown.PluginContext, 'emitFile' | 'load'>

/** A module, and all that it exports; `undefined`, once that cannot be told. */
interface Listed {
  id: string
  exports: string[] | undefined
}

interface Part {
  code: string
  modules: Listed[]
}

/**
 * An entry beside those of Vite, which nobody loads: it imports all modules of a layer and names what each exports. So Rolldown keeps
 * everything, its files export it, and what it prints of the catalog tells which file has what under which name. Its parts are read
 * while Rolldown still reads modules.
 */
export class Catalogs {
  readonly #paths = new ModulePaths()
  /** By their ids. */
  readonly #parts = new Map<string, Part>()
  readonly #modules: Listed[] = []
  /** Not in a part yet. */
  #next: Listed[] = []
  /** The parts that are in no catalog yet. */
  #looseParts: string[] = []
  #count = 0

  /** Has a module listed, which has been read. */
  add(context: Context, id: string, exports: string[]): void {
    this.#next.push({ id, exports })
    if (this.#next.length === MODULES_OF_A_PART) this.#endPart(context)
  }

  /** All modules that there are have been added. */
  end(context: Context): void {
    this.#endPart(context)
    if (this.#looseParts.length === 0) return
    const id = `${CATALOG}${this.#count++}`
    const code = this.#looseParts.map((part) => `import ${JSON.stringify(part)};\n`).join('')
    this.#looseParts = []
    this.#parts.set(`\0${id}`, { code, modules: [] })
    context.emitFile({ type: 'chunk', id, name: ENTRY })
  }

  #endPart(context: Context): void {
    const modules = this.#next
    if (modules.length === 0) return
    this.#next = []
    const part = `${CATALOG}part-${this.#parts.size}`
    this.#looseParts.push(part)
    const id = `\0${part}`
    this.#parts.set(id, { code: modules.map((module) => this.#listed(module)).join(''), modules })
    // Where this fails, so does the build.
    context.load({ id }).catch(() => undefined)
  }

  has(id: string): boolean {
    return this.#parts.has(id)
  }

  code(id: string): string | undefined {
    return this.#parts.get(id)?.code
  }

  /** What a catalog has imported. */
  resolve(imported: string): string | undefined {
    return imported.startsWith(MODULE) ? this.#modules[Number(imported.slice(MODULE.length))]?.id : undefined
  }

  /** A part has been read. A path in it may have led elsewhere: what that exports is of another module. */
  parsed({ id, importedIds }: Pick<Rolldown.ModuleInfo, 'id' | 'importedIds'>): void {
    const imported = new Set(importedIds)
    for (const module of this.#parts.get(id)?.modules ?? []) if (!imported.has(module.id)) module.exports = undefined
  }

  /** Takes the catalogs out of a bundle. */
  take(chunks: Rolldown.OutputChunk[]): { printed: Printed; catalogs: Set<Rolldown.OutputChunk> } {
    const catalogs = new Set(chunks.filter(({ facadeModuleId }) => facadeModuleId && this.has(facadeModuleId)))
    const printed: Printed = { exports: new Map(), runs: [], isWhole: true }
    for (const { code } of catalogs) this.#read(code, printed)
    return { printed, catalogs }
  }

  #listed(module: Listed): string {
    const number = this.#modules.push(module) - 1
    const isPath = this.#paths.leadTo(module.id) && !QUERY.test(module.id)
    const specifier = isPath ? module.id : `${MODULE}${number}`
    const values = (module.exports ?? []).map((name) => `, m${number}${access(name)}`).join('')
    return `import * as m${number} from ${JSON.stringify(specifier)};${EXPORTS}(${number}${values});\n`
  }

  #read(code: string, printed: Printed): void {
    const { exports, runs } = printed
    const imported = importsIn(code)
    for (const [, number, values = ''] of code.matchAll(LISTED)) {
      const { id, exports: names } = this.#modules[Number(number)] ?? {}
      const reaches = valuesOf(values, imported)
      if (id === undefined || !names || reaches?.length !== names.length) continue
      // One that is listed twice was not known to its end at first.
      if ((exports.get(id)?.length ?? 0) > names.length) continue
      exports.set(
        id,
        names.map((name, index) => [name, reaches[index]]),
      )
    }
    for (const [calls] of code.matchAll(RUNS)) {
      for (const [, isAwaited, local = ''] of calls.matchAll(RUN)) {
        const reach = imported.get(local)
        if (reach) runs.push({ ...reach, isAsync: isAwaited !== undefined })
      }
    }
    const rest = code.replace(LISTED, '').replace(RUNS, '')
    printed.isWhole &&= rest.split('\n').every((line) => EXPECTED.test(line))
  }
}

/** The name of a chunk without the catalogs that need it, too. */
export function nameOf({ name }: Pick<Rolldown.PreRenderedChunk, 'name'>): string {
  return name.replace(/~_(?=~|$)/g, '')
}

function access(name: string): string {
  return exportName(name) === name ? `.${name}` : `[${JSON.stringify(name)}]`
}

/** `undefined` if something is printed otherwise than expected. */
function valuesOf(values: string, imported: Map<string, Reach>): Array<Reach | undefined> | undefined {
  const reaches: Array<Reach | undefined> = []
  VALUE.lastIndex = 0
  for (let at = 0; at < values.length; at = VALUE.lastIndex) {
    const [, local, property, quoted] = VALUE.exec(values) ?? ['']
    if (VALUE.lastIndex === 0) return undefined
    if (local === undefined) reaches.push(undefined)
    else {
      const reach = imported.get(local)
      if (!reach) return undefined
      const name = quoted === undefined ? property : textOf(quoted)
      if (name === undefined && quoted !== undefined) return undefined
      reaches.push(name === undefined ? reach : { ...reach, property: name })
    }
  }
  return reaches
}

/** A string as it is printed, unless it has escapes that JSON does not have. */
function textOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

/** What a file imports, by its local names. */
export function importsIn(code: string): Map<string, Reach> {
  const imported = new Map<string, Reach>()
  for (const { n: from, d: dynamic, ss: start, s: end } of lex(code)[0]) {
    if (dynamic !== -1 || from === undefined) continue
    const clause = code.slice(start + 'import'.length, end)
    const [, whole] = DEFAULT.exec(clause) ?? []
    const [, namespace] = NAMESPACE.exec(clause) ?? []
    if (whole) imported.set(whole, { from, name: 'default' })
    if (namespace) imported.set(namespace, { from, name: '*' })
    const [, names = ''] = NAMES.exec(clause) ?? []
    for (const [, name = '', local = name] of names.matchAll(SPECIFIER)) imported.set(local, { from, name })
  }
  return imported
}
