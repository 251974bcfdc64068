import { createHash } from 'node:crypto'
import { isAbsolute, resolve } from 'node:path'
import type { Plugin } from 'vite'

export interface KeepStateOptions {
  /** The modules to keep: files, relative to the root, or bare ids of installed packages. */
  modules: string[]
  /** The server environments to keep them in. Default: all. */
  environments?: string[]
}

/** Marks the module that is evaluated once, behind the one that is evaluated after every reload. */
const ONCE = 'evenkeel-state'

/**
 * Keeps what a module holds (an `AsyncLocalStorage`, a connection, a counter) across a re-optimization. A reload makes the
 * runner forget all its modules; these stay out of the optimizer, and are evaluated once for each worker and each version
 * of their source. What they export is read once, too: export functions and objects, not bindings that are assigned anew.
 */
export function keepState({ modules, environments }: KeepStateOptions): Plugin {
  /** Environment → clean file paths. */
  const kept = new Map<string, Set<string>>()
  const applies = (name: string) => name !== 'client' && (environments?.includes(name) ?? true)
  return {
    name: 'evenkeel:keep-state',
    apply: 'serve',
    configEnvironment(name, config) {
      if (!applies(name)) return
      const optimizeDeps = (config.optimizeDeps ??= {})
      optimizeDeps.exclude = [...(optimizeDeps.exclude ?? []), ...modules.filter(isBareId)]
    },
    async buildStart() {
      const { name, config } = this.environment
      if (!applies(name) || kept.has(name)) return
      const files = new Set<string>()
      kept.set(name, files)
      for (const module of modules) {
        const resolved = await this.resolve(isBareId(module) ? module : resolve(config.root, module))
        if (!resolved) throw new Error(`keepState(): ${module} cannot be found from ${config.root}`)
        files.add(clean(resolved.id))
      }
    },
    transform: {
      // Behind what turns TypeScript into JavaScript, before Vite looks at the imports.
      order: 'post',
      handler(code, id) {
        const file = clean(id)
        if (!kept.get(this.environment.name)?.has(file) || id.includes(ONCE)) return
        const version = createHash('sha256').update(code).digest('hex').slice(0, 8)
        const names = exportedNames(this.parse(code) as unknown as Program)
        const source = JSON.stringify(`${file}?${ONCE}=${version}`)
        const key = JSON.stringify(`evenkeel.state:${file}:${version}`)
        const exports = names.map((name) => (name === 'default' ? 'export default state.default' : `export const ${name} = state.${name}`))
        return { code: [`const state = (globalThis[Symbol.for(${key})] ??= await import(${source}))`, ...exports].join('\n'), map: null }
      },
    },
  }
}

interface Program {
  body: Array<{
    type: string
    declaration?: { id?: { name: string }; declarations?: Array<{ id: { name: string } }> } | null
    specifiers?: Array<{ exported: { name?: string; value?: string } }>
  }>
}

function exportedNames(program: Program): string[] {
  return program.body.flatMap(({ type, declaration, specifiers }) => {
    if (type === 'ExportDefaultDeclaration') return ['default']
    if (type === 'ExportAllDeclaration') throw new Error('a module whose state is kept must name its exports')
    if (type !== 'ExportNamedDeclaration') return []
    const declared = declaration?.declarations?.map(({ id }) => id.name) ?? (declaration?.id ? [declaration.id.name] : [])
    return [...declared, ...(specifiers ?? []).map(({ exported }) => exported.name ?? exported.value ?? '')]
  })
}

function isBareId(module: string): boolean {
  return !module.startsWith('.') && !module.startsWith('/') && !isAbsolute(module)
}

function clean(id: string): string {
  return id.replace(/[?#].*$/, '').replaceAll('\\', '/')
}
