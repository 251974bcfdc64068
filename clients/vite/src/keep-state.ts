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
 * @param options What is kept, and where.
 */
export function keepState({ modules, environments }: KeepStateOptions): Plugin {
  /** Environment → clean file paths. */
  const kept = new Map<string, Promise<Set<string>>>()
  const applies = (name: string) => name !== 'client' && (environments?.includes(name) ?? true)
  const filesOf = async ({ environment, resolve: resolveId }: Resolver) => {
    const { root } = environment.config
    const files = modules.map(async (module) => {
      const resolved = await resolveId(isBareId(module) ? module : resolve(root, module))
      if (!resolved) throw new Error(`keepState(): ${module} cannot be found from ${root}`)
      return clean(resolved.id)
    })
    return new Set(await Promise.all(files))
  }
  return {
    name: 'evenkeel:keep-state',
    apply: 'serve',
    // Behind what turns TypeScript into JavaScript, before Vite rewrites the imports: a re-optimization changes what they
    // are rewritten to, and is to leave the version of the source as it is.
    enforce: 'post',
    configEnvironment(name, config) {
      if (!applies(name)) return
      const optimizeDeps = (config.optimizeDeps ??= {})
      optimizeDeps.exclude = [...(optimizeDeps.exclude ?? []), ...modules.filter(isBareId)]
    },
    async transform(code, id) {
      const { environment } = this
      const { name } = environment
      if (!applies(name) || id.includes(ONCE)) return
      // Not in `buildStart`: workers are imported before it.
      let files = kept.get(name)
      if (!files) {
        files = filesOf({ environment, resolve: (id) => this.resolve(id) })
        kept.set(name, files)
      }
      const file = clean(id)
      if (!(await files).has(file)) return
      const version = createHash('sha256').update(code).digest('hex').slice(0, 8)
      const source = JSON.stringify(`${file}?${ONCE}=${version}`)
      const held = `globalThis[Symbol.for(${JSON.stringify(`evenkeel.state:${file}:${version}`)})]`
      const names = exportedNames(this.parse(code) as unknown as Program)
      const exports = names.map((name) =>
        name === 'default' ? 'export default state.default' : `export const ${name} = state.${name}`,
      )
      // The promise is held, so that two generations that are evaluated at the same time get the same module.
      const state = `const state = await (${held} ??= import(${source}).catch((error) => { ${held} = undefined; throw error }))`
      return { code: [state, ...exports].join('\n'), map: null }
    },
  }
}

interface Resolver {
  environment: { config: { root: string } }
  resolve(id: string): Promise<{ id: string } | null>
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
    const declared =
      declaration?.declarations?.map(({ id }) => id.name) ?? (declaration?.id ? [declaration.id.name] : [])
    return [...declared, ...(specifiers ?? []).map(({ exported }) => exported.name ?? exported.value ?? '')]
  })
}

function isBareId(module: string): boolean {
  return !module.startsWith('.') && !module.startsWith('/') && !isAbsolute(module)
}

function clean(id: string): string {
  return id.replace(/[?#].*$/, '').replaceAll('\\', '/')
}
