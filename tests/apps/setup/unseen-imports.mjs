// None of them is imported by a page that cold starts are asked for.
const packages = ['@tanstack/react-query', '@radix-ui/react-switch', 'zod', 'jotai']

/**
 * Adds imports to a worker's entry as a framework's plugin does: the dependency scanner does not see them, and they are late while the
 * runner imports its entry for the first time.
 */
export function unseenImports() {
  const imports = packages.map((name) => `import ${JSON.stringify(name)}\n`)
  return {
    name: 'fixture:unseen-imports',
    enforce: 'pre',
    transform: (code, id) => (id.endsWith('/src/index.tsx') ? { code: imports.join('') + code, map: null } : undefined),
  }
}
