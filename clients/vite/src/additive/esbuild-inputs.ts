import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Loader, OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, PluginBuild } from 'esbuild'
import { type Exports, type Parser, marked, markedCommonJs } from './esbuild-extraction.js'
import { loadByOthers } from './esbuild-loads.js'
import { Sources } from './esbuild-sources.js'
import type { LayerPlan } from './layer-plan.js'
import { ModulePaths, selfImport } from './module-paths.js'
import { directivesOf } from './module-syntax.js'
import { normalizePath, withSlashes } from './packages.js'
import { Doubt } from './store.js'
import { FILE, MJS, REQUIRE, requireOf, stubOf } from './stubs.js'

/** An entry that brings nothing. */
export const EMPTY = 'evenkeel-empty'

/** Stands for the module that imports it. A hook resolves it. */
const SELF = 'evenkeel:self'
const NAMESPACE = 'evenkeel'
const MODULES = ['js', 'jsx', 'ts', 'tsx']

/** What a layer is bundled of: new modules, marked, and stubs of those that an earlier layer has. */
export class LayerInputs {
  /** Why the layer cannot be added after all. */
  doubt: Doubt | undefined
  /** Modules that are new, by what esbuild calls them. */
  readonly loaded = new Map<string, string>()
  readonly directives = new Map<string, string[]>()
  /** What modules re-export as a whole. */
  readonly stars = new Map<string, () => string[]>()
  /** Whether modules run when they are needed, and not with their file. */
  readonly isLazy: boolean
  readonly #plan: LayerPlan
  readonly #parser: Parser
  /** What modules re-export besides what their code says. */
  readonly #exports: ReadonlyMap<string, Exports>
  readonly #paths = new ModulePaths()

  constructor(plan: LayerPlan, isLazy: boolean, parser: Parser, exports: ReadonlyMap<string, Exports> = new Map()) {
    this.#plan = plan
    this.#exports = new Map([...exports].map(([file, names]) => [normalizePath(file), names]))
    this.isLazy = isLazy
    this.#parser = parser
  }

  setUp(build: PluginBuild): void {
    const sources = new Sources(build, this.#parser)
    build.onResolve({ filter: /^evenkeel[:-]/ }, ({ path, importer, namespace }) =>
      this.#resolve(path, importer, namespace),
    )
    // What a stub re-exports as a whole is where it was.
    build.onResolve({ filter: /^(?:\/|[A-Za-z]:[\\/])/ }, ({ path, importer }) =>
      this.#plan.base.modules.has(normalizePath(importer)) ? { path } : undefined,
    )
    build.onResolve({ filter: /^[\w@]/ }, (args) => this.#resolveEntry(build, args))
    build.onLoad({ filter: /.*/ }, (args) => this.#load(build, sources, args))
  }

  /** Vite knows how to import an entry dynamically, whatever it is; of a file that it knows nothing of, it takes the default export. */
  async #resolveEntry(
    build: PluginBuild,
    { path, kind, importer, namespace, resolveDir, pluginData }: OnResolveArgs,
  ): Promise<OnResolveResult | undefined> {
    if (kind === 'entry-point' && this.#plan.fresh[path]) return { path: this.#plan.fresh[path] }
    if (kind !== 'dynamic-import' || pluginData === this) return undefined
    const resolved = await build.resolve(path, { kind, importer, namespace, resolveDir, pluginData: this })
    const { carried, known, fresh } = this.#plan
    const sources = [
      ...carried.map(([name, { src }]) => [name, src]),
      ...known.map(([name, src]) => [name, src]),
      ...Object.entries(fresh),
    ]
    const [entry] = sources.find(([, src]) => src === normalizePath(resolved.path)) ?? []
    return entry === undefined ? undefined : { path: `./${entry}.js`, external: true }
  }

  #resolve(path: string, importer: string, namespace: string): OnResolveResult {
    if (path === SELF) return { path: importer, namespace }
    if (path.startsWith(FILE)) return { path: this.#plan.base.urlOf(path.slice(FILE.length)), external: true }
    return { path, namespace: NAMESPACE }
  }

  async #load(build: PluginBuild, sources: Sources, args: OnLoadArgs): Promise<OnLoadResult | undefined> {
    if (args.namespace === NAMESPACE) return this.#loadOwn(args.path)
    const id = idOf(args)
    const known = this.#plan.base.modules.get(id)
    if (known?.kind === 'opaque') this.doubt ??= new Doubt('exportUnknown', `${id}: ${known.why}`)
    if (known) return { contents: known.kind === 'opaque' ? 'module.exports = {}' : stubOf(id, known), loader: 'js' }
    const loaded = (await loadByOthers(build, args)) ?? read(args, sources)
    return loaded && this.#mark(id, args, loaded, sources)
  }

  #loadOwn(path: string): OnLoadResult {
    const module = this.#plan.base.modules.get(path.slice(REQUIRE.length, -MJS.length))
    return { contents: module?.kind === 'cjs' ? requireOf(module) : 'export {}', loader: 'js' }
  }

  /** Makes sure that the module can be found in the printed code. */
  async #mark(
    id: string,
    { path, namespace }: OnLoadArgs,
    loaded: OnLoadResult,
    sources: Sources,
  ): Promise<OnLoadResult> {
    const loader = loaded.loader === 'default' ? sources.loaderOf(path) : (loaded.loader ?? 'js')
    if (loaded.contents === undefined || !loader) return loaded
    const code = typeof loaded.contents === 'string' ? loaded.contents : Buffer.from(loaded.contents).toString()
    const called = namespace === 'file' ? pathIn(sources.root, path) : id
    // One object for all who use it, however they import it.
    if (loader === 'json') {
      this.loaded.set(called, id)
      return { ...loaded, contents: `module.exports = ${code}`, loader: 'js' }
    }
    if (!MODULES.includes(loader)) return loaded
    this.loaded.set(called, id)
    try {
      return {
        ...loaded,
        contents: await this.#marked(id, code, loader, path, sources),
        loader,
      }
    } catch {
      // esbuild says what is wrong with it.
      return loaded
    }
  }

  /** A `browser` field may have a file's name lead to another. */
  #specifierOf(id: string, path: string, sources: Sources): string {
    const hasPath = id === normalizePath(path) && !sources.hasReplacements(path) && this.#paths.leadTo(id)
    return hasPath ? selfImport(id) : SELF
  }

  async #marked(id: string, code: string, loader: Loader, path: string, sources: Sources): Promise<string> {
    const javaScript = await sources.javaScript(code, loader)
    const directives = directivesOf(javaScript, this.#parser.parseAst)
    if (directives.length > 0) this.directives.set(id, directives)
    if (!(await sources.isModule(code, javaScript, loader, path))) return markedCommonJs(code)
    if (/\bexport\s*\*/.test(javaScript)) this.stars.set(id, () => sources.starsOf(javaScript))
    return marked(code, id, this.#specifierOf(id, path, sources), this.isLazy, this.#exports.get(id))
  }
}

/** What esbuild calls a file. */
export function pathIn(root: string, file: string): string {
  return withSlashes(relative(root, file))
}

function read({ path, namespace, suffix, with: attributes }: OnLoadArgs, sources: Sources): OnLoadResult | undefined {
  const loader = sources.loaderOf(path)
  if (namespace !== 'file' || suffix || Object.keys(attributes).length > 0 || !loader || sources.isDisabled(path))
    return undefined
  if (loader !== 'json' && !MODULES.includes(loader)) return undefined
  try {
    return { contents: readFileSync(path, 'utf8'), loader }
  } catch {
    // esbuild says what is wrong; or it is a name without its extension, which a `browser` field replaces by nothing.
    return undefined
  }
}

/**
 * A module is called by its path, as Vite calls it: on Windows, that has slashes, and esbuild takes it for the same as one with
 * backslashes. One that is no file is called by its namespace, too.
 */
function idOf({ namespace, path, suffix }: OnLoadArgs): string {
  return (namespace === 'file' ? normalizePath(path) : `${namespace}:${path}`) + suffix
}
