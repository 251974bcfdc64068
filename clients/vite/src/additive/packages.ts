const NODE_MODULES = 'node_modules/'

export interface PackageOfModule {
  name: string
  folder: string
}

/** The installed package that a module is in. */
export function packageOf(id: string): PackageOfModule | undefined {
  const path = id.includes('\\') ? id.replaceAll('\\', '/') : id
  const start = path.lastIndexOf(NODE_MODULES)
  if (start < 0) return undefined
  const [first = '', second = ''] = path.slice(start + NODE_MODULES.length).split('/')
  const name = first.startsWith('@') ? `${first}/${second}` : first
  return { name, folder: path.slice(0, start + NODE_MODULES.length) + name }
}

/** The package that a bare import names. */
export function packageNamed(specifier: string): string | undefined {
  return /^(?:@[^/]+\/)?[^./\0@#][^/:]*(?=$|\/)/.exec(specifier)?.[0]
}

/**
 * One chunk for each package. Packages that import each other share one, because chunks that import each other run in
 * no order that both can rely on.
 */
export class Groups {
  readonly #imports = new Map<string, Set<string>>()
  #groups: Map<string, string> | undefined

  /** A module of a package has a bare import. */
  sawImport(importer: string, imported: string): void {
    if (importer === imported) return
    const imports = this.#imports.get(importer)
    if (imports) imports.add(imported)
    else this.#imports.set(importer, new Set([imported]))
  }

  /** The name of a package's chunk; to be asked when all imports have been seen. */
  of(name: string): string {
    this.#groups ??= components(this.#imports)
    return this.#groups.get(name) ?? name
  }
}

/** Tarjan's strongly connected components; each is named after one of its own. */
function components(edges: Map<string, Set<string>>): Map<string, string> {
  const groups = new Map<string, string>()
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    low.set(node, order.size - 1)
    path.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (!groups.has(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(node) !== order.get(node)) return
    const members = path.splice(path.indexOf(node))
    for (const member of members) groups.set(member, node)
  }
  for (const node of edges.keys()) if (!order.has(node)) visit(node)
  return groups
}
