import { components } from './components.js'

const NODE_MODULES = 'node_modules/'

export interface PackageOfModule {
  name: string
  folder: string
}

/** The installed package that a module is in; one that is no file is in none, whatever its id names. */
export function packageOf(id: string): PackageOfModule | undefined {
  const path = withSlashes(id)
  const above = path.lastIndexOf(NODE_MODULES)
  if (above < 0 || path.includes('\0')) return undefined
  const start = above + NODE_MODULES.length
  const afterScope = path[start] === '@' ? path.indexOf('/', start) + 1 : start
  const slash = path.indexOf('/', afterScope)
  const end = slash < 0 ? path.length : slash
  return { name: path.slice(start, end), folder: path.slice(0, end) }
}

/** A file as Vite calls it: with slashes on Windows, whose paths begin with a drive or a server. Elsewhere a name may have a backslash. */
export function normalizePath(path: string): string {
  return /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) ? withSlashes(path) : path
}

export function withSlashes(path: string): string {
  return path.includes('\\') ? path.replaceAll('\\', '/') : path
}

/** The package that a bare import names. */
export function packageNamed(specifier: string): string | undefined {
  return /^(?:@[^/]+\/)?[^./\0@#][^/:]*(?=$|\/)/.exec(specifier)?.[0]
}

/** Stands for the package of modules that are in none. */
export const NO_PACKAGE = ''

/**
 * Which packages share a chunk. Each package of an entry has one of its own, and another one for the packages that only it needs:
 * every file is a request of the page's. Packages that import each other share one, because chunks that import each other run in no
 * order that both can rely on.
 */
export class Groups {
  readonly #entries: Set<string>
  readonly #imports = new Map<string, Set<string>>()
  readonly #stubs = new Set<string>()
  readonly #bundled = new Set<string>()
  #groups: Map<string, string> | undefined

  /** `entries` are the packages of entries. */
  constructor(entries: string[]) {
    this.#entries = new Set(entries)
  }

  /** A module of a package imports another package. */
  sawImport(importer: string, imported: string): void {
    if (importer === imported) return
    const imports = this.#imports.get(importer)
    if (imports) imports.add(imported)
    else this.#imports.set(importer, new Set([imported]))
  }

  /** A module of a package is bundled. */
  sawModule(name: string): void {
    this.#bundled.add(name)
  }

  /** A module of a package is in an earlier layer. */
  sawStub(name: string): void {
    this.#stubs.add(name)
  }

  /** The name of a package's chunk; to be asked when all modules have been seen. */
  of(name: string): string {
    this.#groups ??= this.#group()
    return this.#groups.get(name) ?? name
  }

  #group(): Map<string, string> {
    const groups = new Map<string, string>()
    const importers = new Map<string, Set<string>>()
    // Importers come before what they import, so that their group is known.
    for (const members of components(this.#imports).reverse()) {
      const group =
        this.#entryOf(members) ??
        onlyOne(members.flatMap((member) => [...(importers.get(member) ?? [])])) ??
        members[0] ??
        ''
      const ofDependencies =
        group.endsWith(DEPENDENCIES) || !members.some((member) => this.#entries.has(member))
          ? group
          : group + DEPENDENCIES
      for (const member of members) {
        groups.set(member, group)
        for (const imported of this.#imports.get(member) ?? []) addTo(importers, imported, ofDependencies)
      }
    }
    this.#joinStubs(groups)
    return groups
  }

  /** A chunk of stubs alone is not worth a request: they join the package of the entry that needs them. */
  #joinStubs(groups: Map<string, string>): void {
    const bundled = [...this.#bundled].map((name) => groups.get(name) ?? name)
    for (const name of this.#stubs) {
      const group = groups.get(name)
      if (group?.endsWith(DEPENDENCIES) && !bundled.includes(group))
        groups.set(name, group.slice(0, -DEPENDENCIES.length))
    }
  }

  #entryOf(members: string[]): string | undefined {
    return members.find((member) => this.#entries.has(member))
  }
}

const DEPENDENCIES = '~needs'

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key)
  if (set) set.add(value)
  else sets.set(key, new Set([value]))
}

function onlyOne(values: string[]): string | undefined {
  const [first] = values
  return values.every((value) => value === first) ? first : undefined
}
