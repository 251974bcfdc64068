import { basename } from 'node:path'
import { init as lexerReady, parse as lex } from 'es-module-lexer'
import type { Rolldown } from 'vite'
import { type Extracted, extract, marked, unmarked } from './extraction.js'
import type { LayerPlan } from './layer-plan.js'
import type { WrittenModule } from './manifest.js'
import { Groups, packageNamed, packageOf } from './packages.js'
import { FILE, REQUIRE, facadeOf, requireOf, stubOf } from './stubs.js'

const SELF = 'evenkeel:self'
const EMPTY = '\0evenkeel:empty'
const RUNTIME = '\0rolldown/runtime.js'
const JAVASCRIPT = ['js', 'jsx', 'ts', 'tsx']

/** The files of a layer, and what is in them. */
export interface BundledLayer {
  modules: Map<string, WrittenModule>
  entries: Map<string, { src: string; code: string; exports: string[] }>
  files: Map<string, string>
}

/** What the run hands over when it has bundled, before anything is written. */
type Bundled = (layer: BundledLayer, folder: string) => Promise<void>

/** Rolldown's options for one layer. */
export function layerOptions(options: Rolldown.InputOptions, plan: LayerPlan, bundled: Bundled): Rolldown.InputOptions {
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
    plugins: [new LayerBundler(plan, bundled).plugin, jsonAsCommonJs, options.plugins],
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

class LayerBundler {
  readonly #plan: LayerPlan
  readonly #bundled: Bundled
  readonly #groups = new Groups()
  /** What modules re-export as a whole, for those of which the names are not all known. */
  readonly #stars = new Map<string, string[]>()
  readonly #version: string
  #layer: BundledLayer | undefined

  constructor(plan: LayerPlan, bundled: Bundled) {
    this.#plan = plan
    this.#bundled = bundled
    this.#version = `?v=${plan.base.index.stamp}`
  }

  get plugin(): Rolldown.Plugin {
    const modules = this.#plan.base.modules
    const transform = this.#transform.bind(this)
    const take = (context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle) => {
      this.#layer = this.#take(context, bundle)
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
        filter: { moduleType: JAVASCRIPT, code: /\b(?:import|export)\b/ },
        handler(code, id, meta) {
          return transform(code, id, (source) => this.parse(source, { lang: meta.moduleType as 'js' }))
        },
      },
      outputOptions: (options) => this.#output(options),
      generateBundle(_, bundle) {
        take(this, bundle)
      },
      writeBundle: async ({ dir }) => {
        if (this.#layer && dir) await this.#bundled(this.#layer, dir)
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
      const module = modules.get(id.slice(REQUIRE.length + 1))
      return module?.kind === 'cjs' ? { code: requireOf(module), moduleType: 'js' } : undefined
    }
    const module = modules.get(id)
    if (!module) return undefined
    if (module.kind === 'opaque') throw new Error(`${id} is in another layer, which keeps it to itself: ${module.why}`)
    return { code: stubOf(id, module), moduleType: 'js' }
  }

  #transform(code: string, id: string, parse: (source: string) => { body: Array<{ type: string }> }): { code: string; map: null } | undefined {
    if (id === RUNTIME || id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)) return undefined
    const syntax = moduleSyntax(code, parse)
    if (!syntax) return undefined
    const own = packageOf(id)?.name
    for (const specifier of syntax.imports) {
      const imported = own && packageNamed(specifier)
      if (imported) this.#groups.sawImport(own, imported)
    }
    if (syntax.stars.length > 0) this.#stars.set(id, syntax.stars)
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
  #take(context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle): BundledLayer {
    const layer: BundledLayer = { modules: new Map(), entries: new Map(), files: new Map() }
    const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
    const imported = new Set(chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]))
    for (const chunk of chunks) {
      const { fileName } = chunk
      const isUseful = chunk.moduleIds.some((id) => id !== EMPTY) || imported.has(fileName)
      if (isUseful || (chunk.isEntry && chunk.facadeModuleId !== EMPTY)) this.#keep(context, chunk, layer)
      const map = bundle[`${fileName}.map`]
      if (map?.type === 'asset') layer.files.set(`${this.#fileOf(chunk)}.map`, String(map.source))
      delete bundle[`${fileName}.map`]
      delete bundle[fileName]
    }
    for (const chunk of chunks) if (chunk.isEntry && chunk.facadeModuleId && chunk.facadeModuleId !== EMPTY) this.#addEntry(chunk, layer)
    for (const [name, src, module] of this.#plan.known) layer.entries.set(name, { src, ...facadeOf(module, this.#version) })
    this.#emitEntries(context, layer)
    return layer
  }

  #fileOf({ fileName }: Rolldown.OutputChunk): string {
    return fileName.slice(0, -this.#version.length)
  }

  #keep(context: Rolldown.PluginContext, chunk: Rolldown.OutputChunk, layer: BundledLayer): void {
    const file = this.#fileOf(chunk)
    const kept = new Map<string, string>()
    const { modules } = chunk
    for (const id of chunk.moduleIds) {
      const printed = modules[id]?.code
      if (!printed || id === RUNTIME || id.startsWith('\0evenkeel:') || this.#plan.base.modules.has(id)) continue
      const extracted: Extracted = extract(printed, file, this.#stars.get(id) ?? [], (code) => context.parse(code))
      layer.modules.set(id, extracted.module)
      for (const [local, name] of extracted.kept) kept.set(local, name)
    }
    const exports = [...kept].map(([local, name]) => `${local} as ${name}`)
    const suffix = exports.length > 0 ? `\nexport { ${exports.join(', ')} };\n` : ''
    layer.files.set(file, unmarked(chunk.code) + suffix)
  }

  #addEntry(chunk: Rolldown.OutputChunk, layer: BundledLayer): void {
    const { name, facadeModuleId } = chunk
    const src = this.#plan.fresh[name]
    const module = facadeModuleId ? (layer.modules.get(facadeModuleId) ?? this.#plan.base.modules.get(facadeModuleId)) : undefined
    if (src === undefined) return
    const facade = module && module.kind !== 'opaque' ? facadeOf(module, this.#version) : undefined
    layer.entries.set(name, { src, ...(facade ?? this.#plainFacade(chunk)) })
  }

  #plainFacade(chunk: Rolldown.OutputChunk): { code: string; exports: string[] } {
    const file = JSON.stringify(`./${chunk.fileName}`)
    return { code: `export { ${chunk.exports.map((name) => JSON.stringify(name)).join(', ')} } from ${file};\n`, exports: chunk.exports }
  }

  #emitEntries(context: Rolldown.PluginContext, layer: BundledLayer): void {
    for (const [name, { code, exports }] of [...this.#plan.carried, ...layer.entries]) {
      context.emitFile({ type: 'prebuilt-chunk', fileName: `${name}.js`, code, exports, isEntry: true })
    }
  }
}

interface ModuleSyntax {
  imports: string[]
  stars: string[]
}

/** What a module imports; `undefined` for one that is no ECMAScript module. */
function moduleSyntax(code: string, parse: (source: string) => { body: Array<{ type: string }> }): ModuleSyntax | undefined {
  try {
    const [imports, , , hasModuleSyntax] = lex(code)
    if (!hasModuleSyntax) return undefined
    const statements = imports.filter(({ d, n }) => d === -1 && n !== undefined)
    const isStar = ({ ss, s }: { ss: number; s: number }) => /^export\s*\*\s*from/.test(code.slice(ss, s))
    return { imports: statements.map(({ n }) => n as string), stars: statements.filter(isStar).map(({ n }) => n as string) }
  } catch {
    // JSX and TypeScript are nothing for the lexer.
    return syntaxOf(parse(code).body as Array<{ type: string; source?: { value: string }; exported?: unknown }>)
  }
}

function syntaxOf(body: Array<{ type: string; source?: { value: string } | null; exported?: unknown }>): ModuleSyntax | undefined {
  const statements = body.filter(({ type }) => /^(?:Import|Export)/.test(type))
  if (statements.length === 0) return undefined
  const sourceOf = ({ source }: { source?: { value: string } | null }) => source?.value ?? []
  const stars = statements.filter(({ type, exported }) => type === 'ExportAllDeclaration' && !exported)
  return { imports: statements.flatMap(sourceOf), stars: stars.flatMap(sourceOf) }
}
