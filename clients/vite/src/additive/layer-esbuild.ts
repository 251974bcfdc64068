import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { init as lexerReady } from 'es-module-lexer'
import type { BuildFailure, BuildOptions, Metafile, OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, OutputFile, Plugin, PluginBuild } from 'esbuild'
import type { Run } from './additive.js'
import { PrintedFile, type Parser, SELF, marked, markedCommonJs, unmarkedMap } from './esbuild-extraction.js'
import { leavingLoads, loadByOthers } from './esbuild-loads.js'
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

/** Options of the user's that decide what is printed where are left alone, and with them the runs. */
export function canAddWithEsbuild(options: BuildOptions = {}): boolean {
  const { format = 'esm', splitting = true, minify, minifyIdentifiers, minifySyntax, minifyWhitespace, mangleProps } = options
  const isMinified = minify || minifyIdentifiers || minifySyntax || minifyWhitespace || mangleProps
  const hasOwnNames = ['entryNames', 'chunkNames', 'outExtension', 'absWorkingDir'].some((name) => name in options)
  return format === 'esm' && splitting && !isMinified && !hasOwnNames
}

/** Makes esbuild bundle layers: in the place of each of Vite's builds of dependencies, which is left with nothing to do. */
export function layerPlugin(environmentNow: () => Environment | undefined, parser: Parser): Plugin {
  const plugin: Plugin = {
    name: 'evenkeel:additive',
    setup(build) {
      const environment = environmentNow()
      const options = { ...build.initialOptions }
      if (!environment || !bundlesDependencies(options)) return
      const others = (options.plugins ?? []).filter((other) => other !== plugin)
      Object.assign(build.initialOptions, { entryPoints: [EMPTY], write: false, sourcemap: false })
      build.onResolve({ filter: new RegExp(`^${EMPTY}$`) }, ({ path }) => ({ path, namespace: NAMESPACE }))
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({ contents: '' }))
      build.onEnd(async ({ metafile }) => {
        try {
          const outputs = await bundle(build, { ...options, plugins: others.map(leavingLoads) }, environment, parser)
          if (metafile) metafile.outputs = outputs
          return {}
        } catch (error) {
          // Vite removes the folder of a run that it cancels.
          if (!existsSync(options.outdir ?? '')) return {}
          return { errors: (error as Partial<BuildFailure>).errors ?? [{ text: String(error), detail: error }] }
        }
      })
    },
  }
  return plugin
}

/** Vite bundles other things with the same plugins: entries that it scans, single files to see what they export. */
function bundlesDependencies({ entryPoints, outdir, splitting, metafile }: BuildOptions): boolean {
  return Array.isArray(entryPoints) && outdir !== undefined && splitting === true && metafile === true
}

/** Bundles and writes a layer; returns what Vite is to see of it. */
async function bundle({ esbuild }: PluginBuild, options: BuildOptions, environment: Environment, parser: Parser): Promise<Metafile['outputs']> {
  await lexerReady
  const sources = environment.sources()
  const entries = Object.fromEntries((options.entryPoints as string[]).map((name) => [name, sourceOf(name, sources)]))
  let run = environment.begin(entries, () => undefined)
  let isLazy = true
  for (;;) {
    const bundler = new LayerBundler(options, run, isLazy, parser)
    try {
      const { metafile, outputFiles } = await esbuild.build(bundler.options)
      if (!bundler.doubt) return await bundler.write(metafile, outputFiles)
    } catch (error) {
      // A module that waits for something cannot be required, nor can those that import it.
      const isAwaiting = (error as Partial<BuildFailure>).errors?.some(({ text }) => text.includes('top-level await'))
      if (!bundler.doubt && !(isLazy && isAwaiting)) {
        run.failed(error as Error)
        throw error
      }
      isLazy &&= !isAwaiting
    }
    if (bundler.doubt) run = environment.begin(entries, () => bundler.doubt)
  }
}

function sourceOf(name: string, sources: Entries): string {
  const source = sources[name]
  if (source === undefined) throw new Error(`Vite bundles ${name}, which it has not discovered`)
  return source
}

class LayerBundler {
  readonly options: BuildOptions & { metafile: true; write: false }
  /** Why the layer cannot be added after all. */
  doubt: Doubt | undefined
  readonly #run: Run
  readonly #isLazy: boolean
  readonly #parser: Parser
  readonly #folder: string
  readonly #root: string
  /** Modules that are new, by what esbuild calls them. */
  readonly #loaded = new Map<string, string>()
  readonly #directives = new Map<string, string[]>()
  /** What modules re-export as a whole. */
  readonly #stars = new Map<string, () => string[]>()

  constructor(options: BuildOptions, run: Run, isLazy: boolean, parser: Parser) {
    this.#run = run
    this.#isLazy = isLazy
    this.#parser = parser
    this.#folder = options.outdir ?? ''
    this.#root = options.absWorkingDir ?? process.cwd()
    const { plan } = run
    const fresh = Object.keys(plan.fresh)
    const suffix = `L${plan.number}-[hash]`
    this.options = {
      ...options,
      entryPoints: fresh.length > 0 ? fresh : [EMPTY],
      entryNames: `[name]~entry-${suffix}`,
      chunkNames: `[name]-${suffix}`,
      outExtension: { '.js': `.js${plan.base.version}` },
      plugins: [{ name: 'evenkeel:layer', setup: (build) => this.#setUp(build) }, ...(options.plugins ?? [])],
      logLevel: 'silent',
      metafile: true,
      write: false,
    }
  }

  #setUp(build: PluginBuild): void {
    const sources = new Sources(build)
    build.onResolve({ filter: /^evenkeel[:-]/ }, ({ path, importer, namespace }) => this.#resolve(path, importer, namespace))
    build.onResolve({ filter: /^(?:\/|[A-Za-z]:[\\/])/ }, ({ path, importer }) => (this.#isKnown(importer) ? { path } : undefined))
    build.onResolve({ filter: /^[\w@][^:]/ }, (args) => this.#resolveEntry(build, args))
    build.onLoad({ filter: /.*/ }, (args) => this.#load(build, sources, args))
  }

  /** Vite knows how to import an entry dynamically, whatever it is; of a file that it knows nothing of, it takes the default export. */
  async #resolveEntry(build: PluginBuild, { path, kind, importer, namespace, resolveDir, pluginData }: OnResolveArgs): Promise<OnResolveResult | undefined> {
    if (kind !== 'dynamic-import' || pluginData === this) return undefined
    const resolved = await build.resolve(path, { kind, importer, namespace, resolveDir, pluginData: this })
    const { carried, known, fresh } = this.#run.plan
    const sources = [...carried.map(([name, { src }]) => [name, src]), ...known.map(([name, src]) => [name, src]), ...Object.entries(fresh)]
    const [entry] = sources.find(([, src]) => src === resolved.path) ?? []
    return entry === undefined ? undefined : { path: `./${entry}.js`, external: true }
  }

  #isKnown(id: string): boolean {
    return this.#run.plan.base.modules.has(id)
  }

  #resolve(path: string, importer: string, namespace: string): OnResolveResult {
    if (path === SELF) return { path: importer, namespace }
    if (path.startsWith(FILE)) return { path: `./${path.slice(FILE.length)}${this.#run.plan.base.version}`, external: true }
    return { path, namespace: NAMESPACE }
  }

  async #load(build: PluginBuild, sources: Sources, args: OnLoadArgs): Promise<OnLoadResult | undefined> {
    if (args.namespace === NAMESPACE) return this.#loadOwn(args.path)
    const id = idOf(args)
    const known = this.#run.plan.base.modules.get(id)
    if (known?.kind === 'opaque') this.doubt ??= new Doubt('exportUnknown', `${id}: ${known.why}`)
    if (known) return { contents: known.kind === 'opaque' ? 'module.exports = {}' : stubOf(id, known), loader: 'js' }
    const loaded = (await loadByOthers(build, args)) ?? (await read(args, sources))
    return loaded && this.#mark(id, args, loaded, sources)
  }

  #loadOwn(path: string): OnLoadResult {
    const module = this.#run.plan.base.modules.get(path.slice(REQUIRE.length, -MJS.length))
    return { contents: module?.kind === 'cjs' ? requireOf(module) : 'export {}', loader: 'js' }
  }

  /** Makes sure that the module can be found in the printed code. */
  async #mark(id: string, { path, namespace }: OnLoadArgs, loaded: OnLoadResult, sources: Sources): Promise<OnLoadResult> {
    const loader = loaded.loader === 'default' ? sources.loaderOf(path) : (loaded.loader ?? 'js')
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
    const javaScript = await sources.javaScript(code, loader).catch(() => undefined)
    // esbuild says what is wrong with it.
    if (javaScript === undefined) return loaded
    const directives = directivesOf(javaScript, this.#parser.parseAst)
    if (directives.length > 0) this.#directives.set(id, directives)
    if (!sources.isModule(javaScript, path)) return { ...loaded, contents: markedCommonJs(code), loader }
    if (/\bexport\s*\*/.test(javaScript)) this.#stars.set(id, () => starsOf(javaScript))
    return { ...loaded, contents: marked(code, id, this.#isLazy), loader }
  }

  /** What esbuild calls a file. */
  #pathOf(path: string): string {
    return relative(this.#root, path).replaceAll('\\', '/')
  }

  async write(metafile: Metafile, files: OutputFile[]): Promise<Metafile['outputs']> {
    const layer = await this.#take(metafile, files)
    const entries = [...this.#run.plan.carried, ...layer.entries]
    await Promise.all(entries.map(([name, { code }]) => writeFile(join(this.#folder, `${name}.js`), code)))
    await this.#run.bundled(layer, this.#folder)
    return Object.fromEntries(entries.map(([name, { code, exports }]) => [this.#pathOf(join(this.#folder, `${name}.js`)), outputOf(code, exports)]))
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
    const externals = [...new Set(imports.flatMap(({ external, path }) => (external ? path : [])))]
    const stars: Star[] = []
    for (const specifier of this.#stars.get(id)?.() ?? []) {
      const bundled = imports.find(({ original }) => original === specifier)
      const star = bundled ? this.#loaded.get(bundled.path) ?? this.#knownCalled(bundled.path) : undefined
      if (star !== undefined) {
        if (starred.includes(star) || !this.#isNamed(star, layer)) stars.push({ module: star })
      } else if (!bundled && externals.includes(specifier)) stars.push({ external: specifier })
      // A plugin has resolved it.
      else if (!bundled && externals.length === 1) stars.push({ external: externals[0] ?? specifier })
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

async function read({ path, namespace, suffix, with: attributes }: OnLoadArgs, sources: Sources): Promise<OnLoadResult | undefined> {
  const loader = sources.loaderOf(path)
  if (namespace !== 'file' || suffix || Object.keys(attributes).length > 0 || !loader || sources.isDisabled(path)) return undefined
  if (loader !== 'json' && !MODULES.includes(loader)) return undefined
  return { contents: await readFile(path, 'utf8'), loader }
}

/** A module is called by its path, as Vite calls it; one that is no file by its namespace, too. */
function idOf({ namespace, path, suffix }: OnLoadArgs): string {
  return (namespace === 'file' ? path : `${namespace}:${path}`) + suffix
}

function outputOf(code: string, exports: string[]): Metafile['outputs'][string] {
  return { bytes: Buffer.byteLength(code), inputs: {}, imports: [], exports }
}
