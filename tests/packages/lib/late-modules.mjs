import path from 'node:path'

/** Modules that exist from the start and that Vite meets when they are asked for: their code by their path below the root. */
export function lateModules(root, modules) {
  const files = new Map(Object.entries(modules).map(([name, code]) => [path.join(root, name), code]))
  const known = (file) => (files.has(file) ? file : undefined)
  return {
    name: 'late-modules',
    resolveId(id, importer) {
      if (id.startsWith('/')) return known(path.join(root, id))
      if (id.startsWith('.') && files.has(importer)) return known(path.resolve(path.dirname(importer), id))
    },
    load: (file) => files.get(file),
  }
}
