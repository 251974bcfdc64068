import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { init as lexerReady } from 'es-module-lexer'
import type { BuildOptions, BuildResult, Metafile, OnLoadArgs, OnLoadResult, OnResolveResult, OutputFile, Plugin, PluginBuild } from 'esbuild'
import type { Run } from './additive.js'
import { PrintedFile, type Parser, SELF, marked, unmarkedMap } from './esbuild-extraction.js'
import { loadByOthers } from './esbuild-loads.js'
import { Sources, starsOf } from './esbuild-sources.js'
import type { Entries } from './layer-plan.js'
import type { BundledLayer } from './layer-plugin.js'
import type { Manifest, Star, WrittenModule } from './manifest.js'
import { directivesOf } from './module-syntax.js'
import { Doubt } from './store.js'
import { FILE, MJS, REQUIRE, facadeOf, requireOf, stubOf } from './stubs.js'

const NAMESPACE = 'evenkeel'
const EMPTY = 'evenkeel-empty'
const MODULES = ['js', 'jsx', 'ts', 'tsx']

/** What the plugin needs of the environment whose optimizer it is in. */
export interface Environment {
  /** The sources of all that Vite may bundle, by the names of its entries. */
  sources(): Entries
  /** Begins a run; one with a doubt bundles everything. */
  begin(entries: Entries, doubtOf: (manifest: Manifest) => Doubt | undefined): Run
}

type Chunk = Metafile['outputs'][string] & { file: string; path: string; output: OutputFile }

/** Vite bundles other things with the same plugins: entries that it scans, single files to see what they export. */
export function bundlesDependencies({ entryPoints, outdir, splitting, metafile }: BuildOptions): boolean {
  return Array.isArray(entryPoints) && outdir !== undefined && splitting === true && metafile === true
}

/** Options of the user's that decide what is printed where are left alone, and with them the runs. */
export function canAddWithEsbuild(options: BuildOptions = {}): boolean {
  const { format = 'esm', splitting = true, minify, minifyIdentifiers, minifySyntax, minifyWhitespace, mangleProps } = options
  const isMinified = minify || minifyIdentifiers || minifySyntax || minifyWhitespace || mangleProps
  const hasOwnNames = ['entryNames', 'chunkNames', 'outExtension', 'absWorkingDir'].some((name) => name in options)
  return format === 'esm' && splitting && !isMinified && !hasOwnNames
}

/** Makes esbuild bundle layers. */
export function layerPlugin(environmentNow: () => Environment | undefined, parser: Parser): Plugin {
  let doubt: Doubt | undefined
  return {
    name: 'evenkeel:additive',
    async setup(build) {
      const environment = environmentNow()
      if (!environment || !bundlesDependencies(build.initialOptions)) return
      await lexerReady
      const unchanged = { ...build.initialOptions }
      const sources = environment.sources()
      const entries = Object.fromEntries((unchanged.entryPoints as string[]).map((name) => [name, sourceOf(name, sources)]))
      const run = environment.begin(entries, () => doubt)
      doubt = undefined
      new LayerBundler(build, run, parser, async (found) => {
        doubt = found
        return build.esbuild.build(unchanged)
      })
    },
  }
}

function sourceOf(name: string, sources: Entries): string {
  const source = sources[name]
  if (source === undefined) throw new Error(`Vite bundles ${name}, which it has not discovered`)
  return source
}

class LayerBundler {
  readonly #build: PluginBuild
  readonly #run: Run
  readonly #parser: Parser
  /** Bundles everything, because of a doubt that came up while bundling. */
  readonly #startOver: (doubt: Doubt) => Promise<BuildResult>
  readonly #sources: Sources
  readonly #folder: string
  readonly #root: string
  /** Modules that are new, by what esbuild calls them. */
  readonly #loaded = new Map<string, string>()
  readonly #directives = new Map<string, string[]>()
  /** What modules re-export as a whole. */
  readonly #stars = new Map<string, () => string[]>()
  #doubt: Doubt | undefined

  constructor(build: PluginBuild, run: Run, parser: Parser, startOver: (doubt: Doubt) => Promise<BuildResult>) {
    const { initialOptions } = build
    this.#build = build
    this.#run = run
    this.#parser = parser
    this.#startOver = startOver
    this.#folder = initialOptions.outdir ?? ''
    this.#root = initialOptions.absWorkingDir ?? process.cwd()
    this.#sources = new Sources(build)

    const { plan } = run
    const fresh = Object.keys(plan.fresh)
    const suffix = `L${plan.number}-[hash]`
    Object.assign(initialOptions, {
      entryPoints: fresh.length > 0 ? fresh : [EMPTY],
      entryNames: `[name]~entry-${suffix}`,
      chunkNames: `[name]-${suffix}`,
      outExtension: { '.js': `.js${plan.base.version}` },
      write: false,
    })
    build.onResolve({ filter: /^evenkeel[:-]/ }, ({ path, importer, namespace }) => this.#resolve(path, importer, namespace))
    build.onResolve({ filter: /^(?:\/|[A-Za-z]:[\\/])/ }, ({ path, importer }) => (this.#isKnown(importer) ? { path } : undefined))
    build.onLoad({ filter: /.*/ }, (args) => this.#load(args))
    build.onEnd((result) => this.#end(result))
  }

  #isKnown(id: string): boolean {
    return this.#run.plan.base.modules.has(id)
  }

  #resolve(path: string, importer: string, namespace: string): OnResolveResult {
    if (path === SELF) return { path: importer, namespace }
    if (path.startsWith(FILE)) return { path: `./${path.slice(FILE.length)}${this.#run.plan.base.version}`, external: true }
    return { path, namespace: NAMESPACE }
  }

  async #load(args: OnLoadArgs): Promise<OnLoadResult | undefined> {
    if (args.namespace === NAMESPACE) return this.#loadOwn(args.path)
    const id = idOf(args)
    const known = this.#run.plan.base.modules.get(id)
    if (known?.kind === 'opaque') this.#doubt ??= new Doubt('exportUnknown', `${id}: ${known.why}`)
    if (known) return { contents: known.kind === 'opaque' ? 'module.exports = {}' : stubOf(id, known), loader: 'js' }
    const loaded = (await loadByOthers(this.#build, args)) ?? (await this.#read(args))
    return loaded && this.#mark(id, args, loaded)
  }

  #loadOwn(path: string): OnLoadResult {
    const module = this.#run.plan.base.modules.get(path.slice(REQUIRE.length, -MJS.length))
    return { contents: module?.kind === 'cjs' ? requireOf(module) : 'export {}', loader: 'js' }
  }

  async #read({ path, namespace, suffix, with: attributes }: OnLoadArgs): Promise<OnLoadResult | undefined> {
    const loader = this.#sources.loaderOf(path)
    if (namespace !== 'file' || suffix || Object.keys(attributes).length > 0 || !loader || this.#sources.isDisabled(path)) return undefined
    if (loader !== 'json' && !MODULES.includes(loader)) return undefined
    return { contents: await readFile(path, 'utf8'), loader }
  }

  /** Makes sure that the module can be found in the printed code. */
  async #mark(id: string, { path, namespace }: OnLoadArgs, loaded: OnLoadResult): Promise<OnLoadResult> {
    const loader = loaded.loader === 'default' ? this.#sources.loaderOf(path) : (loaded.loader ?? 'js')
    if (loaded.contents === undefined || !loader) return loaded
    const code = typeof loaded.contents === 'string' ? loaded.contents : Buffer.from(loaded.contents).toString()
    const called = namespace === 'file' ? this.#pathOf(path) : id
    // One object for all who use it, however they import it.
    if (loader === 'json') {
      this.#loaded.set(called, id)
      return { ...loaded, contents: `module.exports = ${code}`, loader: 'js' }
    }
    if (!MODULES.includes(loader)) return loaded
    this.#loaded.set(called, id)
    const javaScript = await this.#sources.javaScript(code, loader).catch(() => undefined)
    // esbuild says what is wrong with it.
    if (javaScript === undefined) return loaded
    const directives = directivesOf(javaScript, this.#parser.parseAst)
    if (directives.length > 0) this.#directives.set(id, directives)
    // What neither imports nor exports would be printed without a wrapper, and run by whoever loads the file.
    if (!this.#sources.isModule(javaScript, path)) return { ...loaded, contents: `${code}\n;module.exports;`, loader }
    if (/\bexport\s*\*/.test(javaScript)) this.#stars.set(id, () => starsOf(javaScript))
    return { ...loaded, contents: marked(code, id), loader }
  }

  /** What esbuild calls a file. */
  #pathOf(path: string): string {
    return relative(this.#root, path).replaceAll('\\', '/')
  }

  async #end(result: BuildResult): Promise<void> {
    const { metafile, outputFiles } = result
    if (this.#doubt) {
      Object.assign(result, { ...(await this.#startOver(this.#doubt)) })
      return
    }
    if (result.errors.length > 0 || !metafile || !outputFiles) return
    try {
      const layer = await this.#take(metafile, outputFiles)
      const entries = [...this.#run.plan.carried, ...layer.entries]
      await Promise.all(entries.map(([name, { code }]) => writeFile(join(this.#folder, `${name}.js`), code)))
      await this.#run.bundled(layer, this.#folder)
      metafile.outputs = Object.fromEntries(entries.map(([name, { code, exports }]) => [this.#pathOf(join(this.#folder, `${name}.js`)), outputOf(code, exports)]))
    } catch (error) {
      // Vite removes the folder of a run that it cancels.
      if (existsSync(this.#folder)) throw error
    }
  }

  /** All that was bundled; Vite is to see the entries alone, as facades that import nothing. */
  async #take(metafile: Metafile, files: OutputFile[]): Promise<BundledLayer> {
    const layer: BundledLayer = { modules: new Map(), entries: new Map(), files: new Map() }
    const chunks = this.#chunks(metafile, files, layer)
    const printed = new Map<Chunk, PrintedFile>()
    const starred: string[] = []
    for (const chunk of chunks) {
      const file = await PrintedFile.parse(chunk.output.text, this.#parser)
      printed.set(chunk, file)
      starred.push(...this.#addModules(chunk, file, layer))
    }
    for (const id of starred) this.#addStars(id, starred, metafile, layer)
    for (const [name, src, facade] of this.#run.plan.known) layer.entries.set(name, { src, ...facade })
    const imports = chunks.flatMap(({ imports }) => imports)
    const imported = new Set(imports.map(({ path }) => path))
    const dynamic = new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path))
    for (const [chunk, file] of printed) {
      const entry = this.#addEntry(chunk, file, layer)
      if (entry && !dynamic.has(chunk.path)) file.withoutRun(entry)
      if (!entry || imported.has(chunk.path) || this.#hasOwnCode(chunk)) this.#addFile(chunk, file, layer)
      else layer.files.delete(`${chunk.file}.map`)
    }
    return layer
  }

  /** The printed files, without those that nobody needs; what else there is belongs to the layer as it is. */
  #chunks({ outputs }: Metafile, files: OutputFile[], layer: BundledLayer): Chunk[] {
    const { version } = this.#run.plan.base
    const chunks: Chunk[] = []
    for (const output of files) {
      const name = relative(this.#folder, output.path)
      const path = this.#pathOf(output.path)
      const known = outputs[path]
      if (name.startsWith(`${EMPTY}~`)) continue
      if (name.endsWith(`.js${version}`) && known) chunks.push({ ...known, file: name.slice(0, -version.length), path, output })
      else if (name.endsWith(`.js${version}.map`)) layer.files.set(`${name.slice(0, -`${version}.map`.length)}.map`, unmarkedMap(output.text))
      else layer.files.set(name, output.contents)
    }
    return chunks
  }

  #hasOwnCode({ inputs }: Chunk): boolean {
    return Object.values(inputs).some(({ bytesInOutput }) => bytesInOutput > 0)
  }

  /** Adds the new modules of a chunk; returns those whose exports are not all known. */
  #addModules({ inputs, file }: Chunk, printed: PrintedFile, layer: BundledLayer): string[] {
    const starred: string[] = []
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const id = this.#loaded.get(path)
      if (id === undefined || bytesInOutput === 0) continue
      const module = printed.module(id, path, file)
      const directives = this.#directives.get(id)
      layer.modules.set(id, directives && module.kind !== 'opaque' ? { ...module, directives } : module)
      if (printed.hasStars(id)) starred.push(id)
    }
    return starred
  }

  #addStars(id: string, starred: string[], { inputs }: Metafile, layer: BundledLayer): void {
    const module = layer.modules.get(id)
    if (module?.kind !== 'esm') return
    const path = [...this.#loaded].find(([, loaded]) => loaded === id)?.[0] ?? ''
    const imports = inputs[path]?.imports ?? []
    const stars: Star[] = []
    for (const specifier of this.#stars.get(id)?.() ?? []) {
      const bundled = imports.find(({ original }) => original === specifier)
      const star = bundled ? this.#loaded.get(bundled.path) ?? this.#knownCalled(bundled.path) : undefined
      if (star !== undefined) {
        if (starred.includes(star) || !this.#isNamed(star, layer)) stars.push({ module: star })
      } else if (!bundled && imports.some(({ external, path }) => external && path === specifier)) stars.push({ external: specifier })
      else {
        layer.modules.set(id, { kind: 'opaque', file: module.file, why: `it is not known what its export * from '${specifier}' exports` })
        return
      }
    }
    module.stars = stars
  }

  /** The module of an earlier layer that esbuild calls so. */
  #knownCalled(path: string): string | undefined {
    const id = join(this.#root, path)
    return this.#isKnown(id) ? id : undefined
  }

  /** Whether all exports of a module have names, so that a module that re-exports them has them itself. */
  #isNamed(id: string, layer: BundledLayer): boolean {
    const module = layer.modules.get(id) ?? this.#run.plan.base.modules.get(id)
    return module?.kind === 'esm' && !module.stars
  }

  /** Adds the entry of a chunk; returns its module where nobody but Vite needs the chunk as it is printed. */
  #addEntry({ file, entryPoint, exports }: Chunk, printed: PrintedFile, layer: BundledLayer): WrittenModule | undefined {
    const { plan } = this.#run
    const name = entryPoint === undefined ? undefined : /^(.+)~entry-L\d+-\w+\.js$/.exec(file)?.[1]
    const src = name === undefined ? undefined : plan.fresh[name]
    if (name === undefined || src === undefined) return undefined
    const module = layer.modules.get(src) ?? plan.base.modules.get(src)
    const facade = module && facadeOf(module, plan.base.version)
    if (facade) {
      layer.entries.set(name, { src, ...facade })
      return module
    }
    const names = exports.map((name) => JSON.stringify(name)).join(', ')
    const from = JSON.stringify(`./${file}${plan.base.version}`)
    const stars = printed.stars.map((specifier) => `export * from ${JSON.stringify(specifier)};\n`)
    layer.entries.set(name, { src, code: `export { ${names} } from ${from};\n${stars.join('')}`, exports })
    return undefined
  }

  #addFile({ file }: Chunk, printed: PrintedFile, layer: BundledLayer): void {
    const code = String(printed)
    layer.files.set(file, layer.files.has(`${file}.map`) ? withMap(code, `${file}.map`) : code)
  }
}

/** esbuild refers to a map by the URL of its file. */
function withMap(code: string, map: string): string {
  const comment = '\n//# sourceMappingURL='
  const start = code.lastIndexOf(comment) + comment.length
  return code.slice(0, start) + map + code.slice(code.indexOf('\n', start))
}

/** A module is called by its path, as Vite calls it; one that is no file by its namespace, too. */
function idOf({ namespace, path, suffix }: OnLoadArgs): string {
  return (namespace === 'file' ? path : `${namespace}:${path}`) + suffix
}

function outputOf(code: string, exports: string[]): Metafile['outputs'][string] {
  return { bytes: Buffer.byteLength(code), inputs: {}, imports: [], exports }
}
