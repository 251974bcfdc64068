import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ESTree, Plugin } from 'vite'
import { exportName } from './additive/stubs.js'
import { isBareId } from './module-ids.js'

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
      if (!resolved)
        throw new Error(
          `keepState(): ${module} cannot be found from ${root}: name a path such as ./src/state.ts, or a package`,
        )
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
        // What is not there yet is looked for again.
        files.catch(() => kept.delete(name))
      }
      const file = clean(id)
      if (!(await files).has(file)) return
      const version = createHash('sha256').update(code).digest('hex').slice(0, 8)
      const source = JSON.stringify(`${file}?${ONCE}=${version}`)
      const held = `globalThis[Symbol.for(${JSON.stringify(`evenkeel.state:${file}:${version}`)})]`
      // Under names of their own, since not every export has one that a variable can have.
      const exports = exportedNames(this.parse(code)).map(
        (name, at) => `const e${at} = state[${JSON.stringify(name)}]\nexport { e${at} as ${exportName(name)} }`,
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

function exportedNames({ body }: ESTree.Program): string[] {
  return body.flatMap((node) => {
    if (node.type === 'ExportDefaultDeclaration') return ['default']
    if (node.type === 'ExportAllDeclaration') return [nameOf(node.exported ?? unnamed())]
    if (node.type !== 'ExportNamedDeclaration') return []
    const { declaration, specifiers } = node
    return [...(declaration ? declaredNames(declaration) : []), ...specifiers.map(({ exported }) => nameOf(exported))]
  })
}

function unnamed(): never {
  throw new Error("keepState(): replace `export *` in this module by its names: `export { a, b } from '…'`")
}

function nameOf(exported: ESTree.ModuleExportName): string {
  return exported.type === 'Literal' ? exported.value : exported.name
}

function declaredNames(declaration: ESTree.Declaration): string[] {
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => boundNames(id))
  return 'id' in declaration && declaration.id?.type === 'Identifier' ? [declaration.id.name] : []
}

/** The variables that a pattern declares. */
function boundNames(pattern: ESTree.BindingPattern | ESTree.BindingRestElement): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'Property' ? property.value : property),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []))
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    case 'RestElement':
      return boundNames(pattern.argument)
  }
}

function clean(id: string): string {
  return id.replace(/[?#].*$/, '').replaceAll('\\', '/')
}
