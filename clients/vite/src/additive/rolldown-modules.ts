import { dirname, join } from 'node:path'
import type { Rolldown } from 'vite'
import { type Parse, starExports } from './module-syntax.js'

export const RUNTIME = '\0rolldown/runtime.js'
/** Rolldown's name for what a module re-exports as a whole. */
const STAR = '*'
/** Anything else may be left where it is: a picture, a component, or a module of Node's. */
const FILE_OF_JAVASCRIPT = /^(?:[A-Za-z]:)?[\\/].*\.[cm]?[jt]s$/
/** Where no more than so many have not been read, each of them is asked about. */
const FEW = 32
const ENDINGS = ['', '.js', '.mjs', '.ts', '.tsx', '.jsx', '/index.js', '/index.mjs', '/index.ts']

/** What is known of a module once Rolldown has read it. */
export interface ParsedModule {
  /** Whether it is an ECMAScript module. */
  isEsm: boolean
  /** The names that it exports itself. */
  exports: string[]
  /** What it re-exports as a whole. */
  stars: string[]
}

/** What has to be asked about a module. */
interface Unknown {
  module: ParsedModule
  isStarred: boolean
  isMoved: boolean
  undecided: string[]
}

type Context = Pick<Rolldown.PluginContext, 'resolve' | 'parse'>

/** The modules of one build, and whether all of them have been read. */
export class ParsedModules {
  readonly #modules = new Map<string, ParsedModule>()
  readonly #externals = new Map<string, Promise<boolean>>()
  /** Entries that have not been read, as they are named. */
  readonly #entries: Set<string>
  /** What has not been read to its end, and who imports it. */
  readonly #awaited: Map<string, string | undefined>
  readonly #isWritten: (id: string) => boolean
  readonly #hasExternals: boolean

  /** `isWritten`: whether a file of an earlier layer is named; `hasExternals`: whether an option says what is external. */
  constructor(entries: string[], isWritten: (id: string) => boolean, hasExternals: boolean) {
    this.#entries = new Set(entries)
    this.#awaited = new Map(entries.map((entry) => [entry, undefined]))
    this.#isWritten = isWritten
    this.#hasExternals = hasExternals
  }

  get ids(): string[] {
    return [...this.#modules.keys()]
  }

  get(id: string): ParsedModule | undefined {
    return this.#modules.get(id)
  }

  /** To be told of each module before Rolldown goes on with what it imports; returns whether that was the last one. */
  parsed(context: Context, info: Rolldown.ModuleInfo, imports = importsOf(info)): boolean | Promise<boolean> {
    const { id } = info
    const isStarred = hasStars(info)
    const own = isStarred ? info.exports.filter((name) => name !== STAR) : info.exports
    // In the order that namespaces have.
    const module: ParsedModule = { isEsm: info.inputFormat === 'es', exports: own.sort(), stars: [] }
    this.#modules.set(id, module)
    // It is not done before all is known of it.
    this.#awaited.set(id, undefined)
    const isMoved = info.isEntry && !this.#entries.delete(id)
    const undecided = imports.filter((imported) => this.#await(imported, id))
    // Of nearly all, all is known at once.
    if (!isStarred && !isMoved && undecided.length === 0) return this.#done(context, id)
    return this.#find(context, info, { module, isStarred, isMoved, undecided }).then(() => this.#done(context, id))
  }

  /** Where few are left, a plugin may have left one where it is, whatever it is called. */
  #done(context: Context, id: string): boolean | Promise<boolean> {
    this.#awaited.delete(id)
    const left = this.#awaited.size <= FEW ? [...this.#awaited] : []
    const doubted = left.filter(([id, importer]) => importer !== undefined && !this.#externals.has(id))
    if (doubted.length === 0) return this.#awaited.size === 0
    const decided = doubted.map(([id, importer = '']) => this.#decide(context, id, importer))
    return Promise.all(decided).then(() => this.#awaited.size === 0)
  }

  async #find(
    context: Context,
    info: Rolldown.ModuleInfo,
    { module, isStarred, isMoved, undecided }: Unknown,
  ): Promise<void> {
    if (isMoved) await this.#findEntries(context)
    await Promise.all(undecided.map((imported) => this.#decide(context, imported, info.id)))
    if (isStarred) module.stars = await starsOf(context, info)
  }

  /**
   * All names that a module exports, in the order that namespaces have, but for those that only its run tells. `known`: those of a
   * module that is not read.
   */
  namesOf(id: string, known: (id: string) => string[] | undefined): string[] {
    const { exports: own = [], stars: [...stars] = [] } = this.#modules.get(id) ?? {}
    const names = new Set(own)
    const seen = new Set([id])
    for (let star = stars.pop(); star !== undefined; star = stars.pop()) {
      if (seen.has(star)) continue
      seen.add(star)
      const { isEsm = false, exports = [], stars: others = [] } = this.#modules.get(star) ?? {}
      for (const name of known(star) ?? (isEsm ? exports : [])) if (name !== 'default') names.add(name)
      stars.push(...others)
    }
    return [...names].sort()
  }

  /** Returns whether it may be external. */
  #await(id: string, importer: string): boolean {
    if (this.#modules.has(id) || this.#isWritten(id)) return false
    if (!this.#awaited.has(id)) this.#awaited.set(id, importer)
    return this.#hasExternals || !FILE_OF_JAVASCRIPT.test(id)
  }

  async #decide(context: Context, id: string, importer: string): Promise<void> {
    const known = this.#externals.get(id) ?? isExternal(context, id, importer)
    this.#externals.set(id, known)
    if (await known) this.#awaited.delete(id)
  }

  /** A plugin has resolved an entry to another module than the one it is named after. */
  async #findEntries(context: Context): Promise<void> {
    const entries = [...this.#entries]
    this.#entries.clear()
    for (const entry of entries) {
      const resolved = await context.resolve(entry, undefined, { isEntry: true })
      if (resolved && !this.#modules.has(resolved.id)) this.#awaited.set(resolved.id, undefined)
      if (resolved?.id !== entry) this.#awaited.delete(entry)
    }
  }
}

/** Whether a module re-exports others as a whole. */
export function hasStars({ exports }: Rolldown.ModuleInfo): boolean {
  return exports.includes(STAR)
}

/** What a module imports, but for the functions of Rolldown's own. */
export function importsOf({ importedIds, dynamicallyImportedIds }: Rolldown.ModuleInfo): string[] {
  const all = dynamicallyImportedIds.length > 0 ? [...importedIds, ...dynamicallyImportedIds] : importedIds
  return all.filter((imported) => imported !== RUNTIME)
}

/** What leads nowhere is not waited for: it is external, or a plugin's own module, which is listed later if it comes later. */
async function isExternal(context: Context, id: string, importer: string): Promise<boolean> {
  const resolved = await context.resolve(id, importer)
  return resolved === null || Boolean(resolved.external)
}

async function starsOf(context: Context, info: Rolldown.ModuleInfo): Promise<string[]> {
  const { id, code, importedIds } = info
  const imported = new Set(importedIds)
  const specifiers = new Set(starExports(code ?? '', parserOf(context)))
  return Promise.all(
    [...specifiers].map(async (specifier) => {
      const path = join(dirname(id), specifier)
      const found = specifier.startsWith('.') ? ENDINGS.filter((ending) => imported.has(path + ending)) : []
      const [ending, ...others] = found
      if (ending !== undefined && others.length === 0) return path + ending
      const resolved = await context.resolve(specifier, id)
      return resolved?.id ?? specifier
    }),
  )
}

/** What Rolldown has read is TypeScript, or may have JSX in it; its id need not say which. */
function parserOf(context: Context): Parse {
  return (code) => {
    try {
      return context.parse(code, { lang: 'tsx' })
    } catch {
      return context.parse(code, { lang: 'ts' })
    }
  }
}
