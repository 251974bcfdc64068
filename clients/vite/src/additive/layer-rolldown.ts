import { isBuiltin } from 'node:module'
import { basename, dirname } from 'node:path'
import { init as lexerReady } from 'es-module-lexer'
import type { Rolldown } from 'vite'
import type { Run } from './additive.js'
import { find } from './installation.js'
import { type Extracted, extract, hasStars, marked, unmarked, withoutDirectives, withoutRun } from './rolldown-extraction.js'
import type { LayerPlan } from './layer-plan.js'
import type { Star, WrittenEntry, WrittenModule } from './manifest.js'
import { type Parse, bareImports, directivesOf, isModule, starExports } from './module-syntax.js'
import { Groups, packageNamed, packageOf } from './packages.js'
import { FILE, type Facade, MJS, REQUIRE, facadeOf, requireOf, stubOf } from './stubs.js'

const SELF = 'evenkeel:self'
const EMPTY = '\0evenkeel:empty'
const MISSING = '\0evenkeel-missing:'
const RUNTIME = '\0rolldown/runtime.js'
const JAVASCRIPT = ['js', 'jsx', 'ts', 'tsx']

/** The files of a layer, and what is in them. */
export interface BundledLayer {
  modules: Map<string, WrittenModule>
  entries: Map<string, WrittenEntry>
  files: Map<string, string | Uint8Array>
}

/** Rolldown's options for one layer. */
export function layerOptions(options: Rolldown.InputOptions, run: Run, excluded: string[]): Rolldown.InputOptions {
  const { plan } = run
  const { treeshake, optimization } = options
  const isEmpty = Object.keys(plan.fresh).length === 0
  return {
    ...options,
    input: isEmpty ? { [basename(EMPTY)]: EMPTY } : plan.fresh,
    // A layer that comes later may use what nobody uses now.
    treeshake: treeshake === false ? false : { ...(typeof treeshake === 'object' && treeshake), commonjs: false },
    // A constant that is put in its place has no name by which it could be exported.
    optimization: { ...optimization, inlineConst: false },
    preserveEntrySignatures: 'allow-extension',
    plugins: [new LayerBundler(run).plugin, jsonAsCommonJs, missingPackages, ...missingExcluded(excluded), options.plugins],
  }
}

/** One object for all who use it, however they import it. */
const jsonAsCommonJs: Rolldown.Plugin = {
  name: 'evenkeel:json',
  transform: {
    order: 'post',
    filter: { moduleType: ['json'] },
    handler: (code) => ({ code: `module.exports = ${code}`, moduleType: 'js' }),
  },
}

/**
 * What a package imports dynamically, if it is there. Where only an unused part of the package does, it is not in the bundle without
 * layers; here it is, and Vite refuses a file with an import that it cannot resolve.
 */
const missingPackages: Rolldown.Plugin = {
  name: 'evenkeel:missing-package',
  resolveId: {
    order: 'post',
    filter: { id: /^[@\w]/ },
    async handler(id, importer, { kind }) {
      if (kind !== 'dynamic-import' || isBuiltin(id) || id.includes(':')) return undefined
      const resolved = await this.resolve(id, importer, { kind, skipSelf: true })
      return resolved ?? MISSING + id
    },
  },
  load: {
    filter: { id: new RegExp(`^${MISSING}`) },
    handler: (id) => `throw new Error(${JSON.stringify(`"${id.slice(MISSING.length)}" is not installed.`)})`,
  },
}

/** The same for packages that are not optimized: for those, nobody else looks whether they are there. */
function missingExcluded(excluded: string[]): Rolldown.Plugin[] {
  if (excluded.length === 0) return []
  const names = excluded.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return [
    {
      name: 'evenkeel:missing-excluded-package',
      resolveId: {
        order: 'pre',
        filter: { id: new RegExp(`^(?:${names.join('|')})(?:$|/)`) },
        handler(id, importer, { kind }) {
          const name = packageNamed(id)
          const isMissing = kind === 'dynamic-import' && name && importer && !isBuiltin(id) && find(dirname(importer), name) === null
          return isMissing ? MISSING + id : undefined
        },
      },
    },
  ]
}

class LayerBundler {
  readonly #plan: LayerPlan
  readonly #run: Run
  readonly #groups: Groups
  readonly #directives = new Map<string, string[]>()
  /** What modules re-export as a whole. */
  readonly #stars = new Map<string, () => string[]>()
  readonly #extracted = new Map<Rolldown.OutputChunk, Extracted[]>()
  readonly #version: string
  #layer: BundledLayer | undefined

  constructor(run: Run) {
    const { plan } = run
    this.#run = run
    this.#plan = plan
    this.#groups = new Groups(Object.values(plan.fresh).flatMap((src) => packageOf(src)?.name ?? []))
    this.#version = plan.base.version
  }

  get plugin(): Rolldown.Plugin {
    const modules = this.#plan.base.modules
    const transform = this.#transform.bind(this)
    const take = async (context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle) => {
      this.#layer = await this.#take(context, bundle)
    }
    return {
      name: 'evenkeel:layer',
      buildStart: () => lexerReady,
      resolveId: {
        order: 'pre',
        filter: { id: /^\0?evenkeel:/ },
        handler: (id, importer) => this.#resolve(id, importer),
      },
      ...(modules.size > 0 || Object.keys(this.#plan.fresh).length === 0 ? { load: { order: 'pre', handler: (id) => this.#load(id) } } : {}),
      transform: {
        order: 'post',
        filter: { moduleType: JAVASCRIPT, code: /\b(?:import|export|require)\b/ },
        handler(code, id, meta) {
          return transform(code, id, (source) => this.parse(source, { lang: meta.moduleType as 'js' }))
        },
      },
      buildEnd: (error) => {
        if (error) this.#run.failed(error)
      },
      renderError: (error) => this.#run.failed(error),
      outputOptions: (options) => this.#output(options),
      generateBundle(_, bundle) {
        return take(this, bundle)
      },
      writeBundle: async ({ dir }) => {
        if (this.#layer && dir) await this.#run.bundled(this.#layer, dir)
      },
    }
  }

  #resolve(id: string, importer: string | undefined): Rolldown.ResolveIdResult {
    if (id === SELF) return importer
    if (id.startsWith(FILE)) return { id: `./${id.slice(FILE.length)}${this.#version}`, external: true }
    return id.startsWith('\0') ? id : `\0${id}`
  }

  #load(id: string): Rolldown.LoadResult {
    if (id === EMPTY) return 'export {}'
    const { modules } = this.#plan.base
    if (id.startsWith(`\0${REQUIRE}`)) {
      const module = modules.get(id.slice(REQUIRE.length + 1, -MJS.length))
      return module?.kind === 'cjs' ? { code: requireOf(module), moduleType: 'js' } : undefined
    }
    const module = modules.get(id)
    // Nobody must have it twice.
    if (module?.kind === 'opaque') throw new Error(`${id} is in an earlier layer, and cannot be reached there: ${module.why}`)
    return module && { code: stubOf(id, module), moduleType: 'js' }
  }

  #transform(code: string, id: string, parse: Parse): { code: string; map: null } | undefined {
    if (id === RUNTIME || id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)) return undefined
    const own = packageOf(id)?.name
    for (const specifier of own ? bareImports(code) : []) {
      const imported = packageNamed(specifier)
      if (own && imported) this.#groups.sawImport(own, imported)
    }
    const directives = directivesOf(code, parse)
    if (directives.length > 0) this.#directives.set(id, directives)
    if (!isModule(code, parse)) return undefined
    if (/\bexport\s*\*/.test(code)) this.#stars.set(id, () => starExports(code, parse))
    return { code: marked(code, SELF), map: null }
  }

  #output(options: Rolldown.OutputOptions): Rolldown.OutputOptions {
    const file = (name: string) => `${name}-L${this.#plan.number}-[hash].js${this.#version}`
    return {
      ...options,
      minify: false,
      minifyInternalExports: false,
      entryFileNames: file('[name]~entry'),
      chunkFileNames: file('[name]'),
      codeSplitting: {
        includeDependenciesRecursively: false,
        minSize: 0,
        groups: [{ minSize: 0, minModuleSize: 0, entriesAware: true, name: (id) => this.#group(id) }],
      },
    }
  }

  #group(id: string): string | null {
    if (id === RUNTIME) return null
    if (id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)) return 'known'
    const name = packageOf(id)?.name
    return name ? this.#groups.of(name).replace('/', '_') : 'other'
  }

  /** Takes all chunks out of the bundle: Vite is to see the entries alone, as facades that import nothing. */
  async #take(context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle): Promise<BundledLayer> {
    const layer: BundledLayer = { modules: new Map(), entries: new Map(), files: new Map() }
    const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
    const dynamic = new Set(chunks.flatMap(({ dynamicImports }) => dynamicImports))
    const imported = new Set(chunks.flatMap(({ imports }) => imports))
    const starred: string[] = []
    for (const chunk of chunks) {
      starred.push(...this.#addModules(context, chunk, layer))
      const map = bundle[`${chunk.fileName}.map`]
      if (map?.type === 'asset') layer.files.set(`${this.#fileOf(chunk)}.map`, String(map.source))
      delete bundle[`${chunk.fileName}.map`]
      delete bundle[chunk.fileName]
    }
    for (const id of starred) await this.#addStars(context, id, starred, layer)
    for (const [name, src, facade] of this.#plan.known) layer.entries.set(name, { src, ...facade })
    for (const chunk of chunks) {
      const isFacade = this.#addEntry(context, chunk, layer) && !dynamic.has(chunk.fileName)
      const hasOwnCode = chunk.moduleIds.some((id) => id !== EMPTY)
      if (!isFacade || hasOwnCode || imported.has(chunk.fileName)) this.#addFile(chunk, isFacade, layer)
    }
    this.#emitEntries(context, layer)
    return layer
  }

  #fileOf({ fileName }: Rolldown.OutputChunk): string {
    return fileName.slice(0, -this.#version.length)
  }

  /** Adds the new modules of a chunk; returns those whose exports are not all known. */
  #addModules(context: Rolldown.PluginContext, chunk: Rolldown.OutputChunk, layer: BundledLayer): string[] {
    const file = this.#fileOf(chunk)
    const { modules } = chunk
    const starred: string[] = []
    const all: Extracted[] = []
    for (const id of chunk.moduleIds) {
      const printed = modules[id]?.code
      if (!printed || id === RUNTIME || id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)) continue
      const extracted = extract(printed, file, (code) => context.parse(code))
      all.push(extracted)
      const { module } = extracted
      const directives = this.#directives.get(id)
      layer.modules.set(id, directives && module.kind !== 'opaque' ? { ...module, directives } : module)
      if (hasStars(printed)) starred.push(id)
    }
    this.#extracted.set(chunk, all)
    return starred
  }

  async #addStars(context: Rolldown.PluginContext, id: string, starred: string[], layer: BundledLayer): Promise<void> {
    const module = layer.modules.get(id)
    if (module?.kind !== 'esm') return
    const stars: Star[] = []
    for (const specifier of this.#stars.get(id)?.() ?? []) {
      const resolved = await context.resolve(specifier, id)
      if (!resolved || resolved.external) stars.push({ external: resolved?.id ?? specifier })
      else if (starred.includes(resolved.id) || !this.#isNamed(resolved.id, layer)) stars.push({ module: resolved.id })
    }
    module.stars = stars
  }

  /** Whether all exports of a module have names, so that a module that re-exports them has them itself. */
  #isNamed(id: string, layer: BundledLayer): boolean {
    const module = layer.modules.get(id) ?? this.#plan.base.modules.get(id)
    return module?.kind === 'esm' && !module.stars
  }

  #addFile(chunk: Rolldown.OutputChunk, isFacade: boolean, layer: BundledLayer): void {
    const file = this.#fileOf(chunk)
    const entry = isFacade && chunk.facadeModuleId ? layer.modules.get(chunk.facadeModuleId) : undefined
    const extracted = this.#extracted.get(chunk) ?? []
    const kept = new Map(extracted.flatMap(({ kept }) => [...kept]))
    const exports = [...kept].map(([local, name]) => `${local} as ${name}`)
    const suffix = exports.length > 0 ? `\nexport { ${exports.join(', ')} };\n` : ''
    const code = entry ? withoutRun(chunk.code, entry) : chunk.code
    const namespaces = extracted.flatMap(({ namespace }) => namespace ?? [])
    layer.files.set(file, unmarked(withoutDirectives(code), namespaces) + suffix)
  }

  /** Adds the entry of a chunk; returns whether nobody but Vite needs the chunk as it is printed. */
  #addEntry(context: Rolldown.PluginContext, chunk: Rolldown.OutputChunk, layer: BundledLayer): boolean {
    const { name, facadeModuleId, isEntry } = chunk
    if (facadeModuleId === EMPTY) return true
    const src = this.#plan.fresh[name]
    if (!isEntry || !facadeModuleId || src === undefined) return false
    const module = layer.modules.get(facadeModuleId) ?? this.#plan.base.modules.get(facadeModuleId)
    const facade = module && facadeOf(module, this.#version)
    layer.entries.set(name, { src, ...(facade ?? plainFacade(chunk, (code) => context.parse(code))) })
    return facade !== undefined
  }

  #emitEntries(context: Rolldown.PluginContext, layer: BundledLayer): void {
    for (const [name, { code, exports }] of [...this.#plan.carried, ...layer.entries]) {
      context.emitFile({ type: 'prebuilt-chunk', fileName: `${name}.js`, code, exports, isEntry: true })
    }
  }
}

/** The facade of an entry whose exports the printed chunk alone tells. */
function plainFacade({ fileName, exports, code }: Rolldown.OutputChunk, parse: Parse): Facade {
  const names = exports.map((name) => JSON.stringify(name)).join(', ')
  const stars = starExports(code, parse).map((specifier) => `export * from ${JSON.stringify(specifier)};\n`)
  return { code: `export { ${names} } from ${JSON.stringify(`./${fileName}`)};\n${stars.join('')}`, exports }
}
