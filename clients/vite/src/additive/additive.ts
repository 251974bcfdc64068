import { existsSync, readFileSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, join, resolve } from 'node:path'
import type { Plugin as EsbuildPlugin } from 'esbuild'
import type { Alias, DevEnvironment, Rolldown } from 'vite'
import {
  bringHashesUpToDate,
  correctSources,
  distinguish,
  hashesOfNow,
  reloadAtCommit,
} from '../vite-internals/additive.js'
import { withoutQuery } from '../module-ids.js'
import { resolvingOnce } from '../vite-internals/dependency-imports.js'
import { type DepsOptimizer, isResolved, onMetadata } from '../vite-internals/optimizer.js'
import { entriesToReturn, rolldownOf } from '../vite-internals/rolldown.js'
import { EntryExports } from './entry-exports.js'
import type { Parser } from './esbuild-extraction.js'
import { Installation, SeenInstallation } from './installation.js'
import { canAddWithEsbuild, layerPlugin } from './layer-esbuild.js'
import { type DescribedLayer, describeLayer, writeLayer } from './layer-files.js'
import { type Entries, type LayerPlan, movedEntry, newManifest, newSources, planLayer } from './layer-plan.js'
import { type BundledLayer, isLayer, layerOptions } from './layer-rolldown.js'
import { loadedEntry } from './loaded-entries.js'
import { INDEX_FILE, type Manifest, layerFile } from './manifest.js'
import { normalizePath } from './packages.js'
import { mixesUnused, neededModules } from './rolldown-needed.js'
import { unreachable } from './rolldown-reach.js'
import { Runs } from './runs.js'
import { Doubt, Store } from './store.js'

const optimizers = new WeakMap<object, AdditiveOptimizer>()
const additionsOf = new WeakMap<object, Additions>()

/**
 * The module for which a file of a layer imports a package that is not optimized, or a module of Node's. Vite looks for those from the
 * source of an entry, but it does not know which modules are in the files that entries re-export from.
 */
export function importerOf(id: string, file: string, environment: object): string | undefined {
  return additionsOf.get(environment)?.importerOf(id, file)
}

/** The additive optimizer whose plugin an environment's config has. */
export function additiveOptimizerOf({ config }: DevEnvironment): AdditiveOptimizer | undefined {
  const { rolldownOptions, esbuildOptions } = config.optimizeDeps
  const plugins = [rolldownOptions?.plugins, esbuildOptions?.plugins].flat(2)
  return plugins.map((plugin) => optimizers.get(Object(plugin))).find((optimizer) => optimizer !== undefined)
}

/**
 * Makes each run of an environment's optimizer add to what earlier runs have bundled, instead of bundling all again. So nothing
 * changes that anybody has loaded, and Vite commits without a reload.
 */
export class AdditiveOptimizer {
  #additions: Additions | undefined
  readonly #mayLagBehind: ((file: string) => boolean) | undefined

  /** The plugin for `optimizeDeps.rolldownOptions`. Until an environment is there, it does nothing. */
  readonly rolldown: Rolldown.Plugin

  /** `mayLagBehind`: which files may stay bundled as they were after they have changed. */
  constructor(mayLagBehind?: (file: string) => boolean) {
    this.#mayLagBehind = mayLagBehind
    const optionsOf = this.#optionsOf.bind(this)
    this.rolldown = {
      name: 'evenkeel:additive',
      options(options) {
        return optionsOf(options, this.meta.rolldownVersion)
      },
    }
    optimizers.set(this.rolldown, this)
  }

  /** The same for the `optimizeDeps.esbuildOptions` of Vite 6 and 7. */
  esbuild(parser: Parser): EsbuildPlugin {
    const plugin = layerPlugin(() => this.#additions, parser)
    optimizers.set(plugin, this)
    return plugin
  }

  /** The environment whose optimizer bundles with the plugin. Without its runs, it does not add. */
  attach(environment: DevEnvironment): Runs | undefined {
    const { depsOptimizer, config } = environment
    const { noDiscovery, rolldownOptions, esbuildOptions } = config.optimizeDeps
    if (!depsOptimizer || noDiscovery || !canAdd(rolldownOptions?.output) || !canAddWithEsbuild(esbuildOptions))
      return undefined
    const runs = new Runs()
    this.#additions = new Additions(environment, depsOptimizer, runs, this.#mayLagBehind)
    additionsOf.set(environment, this.#additions)
    return runs
  }

  /** Vite bundles single files too, to see what they export: those have no named entries. */
  async #optionsOf(options: Rolldown.InputOptions, rolldownVersion: string): Promise<Rolldown.InputOptions | null> {
    const { input } = options
    const additions = this.#additions
    if (!additions || typeof input !== 'object' || Array.isArray(input) || isLayer(options)) return null
    const { rolldown, excluded, isServed, aliases } = additions
    const resolvingOptions = { ...options, plugins: resolvingOnce(options.plugins, aliases) }
    const begun = additions.begin(input)
    const tools = { rolldown, excluded, isServed }
    const doubt = await unreachable(resolvingOptions, begun.plan, tools)
    const run = doubt ? additions.begin(input, doubt) : begun
    const needed = mixesUnused(rolldownVersion) ? await neededModules(resolvingOptions, run.plan, tools) : undefined
    const returned = await rolldown()
      .then(entriesToReturn)
      .catch(() => undefined)
    const isListed = needed && ((id: string) => needed.has(id))
    const build = { ...tools, run, returned, isListed }
    return layerOptions(resolvingOptions, build)
  }
}

/** The entries of a cache, by the names of their files; none, where Vite cannot read it either. */
function entriesIn(metadata: string): string[] {
  try {
    const { optimized } = JSON.parse(readFileSync(metadata, 'utf8')) as Pick<DepsOptimizer['metadata'], 'optimized'>
    return Object.values(optimized).map(({ file }) => basename(file, '.js'))
  } catch {
    return []
  }
}

/** Options of the user's that decide what the printed code looks like are left alone, and with them the runs. */
function canAdd(output: Rolldown.OutputOptions | undefined): boolean {
  return (
    !output ||
    ((output.minify === undefined || output.minify === false || output.minify === 'dce-only') &&
      !output.preserveModules &&
      !output.strictExecutionOrder)
  )
}

/** One run of the optimizer, whatever bundles it. */
export interface Run {
  plan: LayerPlan
  /** Looks now at the files and packages of modules, so that `describe` need not. */
  lookAt(ids: string[]): void
  /** To be called with what was bundled, as soon as that is known. */
  describe(layer: BundledLayer): DescribedLayer
  /** To be called before Vite commits the folder, once all that the bundler writes is in it. */
  bundled(layer: DescribedLayer | Promise<DescribedLayer>, folder: string): Promise<void>
  /** To be called when it could not be bundled: the next run bundles everything, in case it was because of what there is. */
  failed(error: Error): void
}

class Additions {
  readonly #environment: DevEnvironment
  readonly #optimizer: DepsOptimizer
  readonly #runs: Runs
  readonly #folder: string
  readonly #store: Store
  readonly #installation: Installation
  /** The sources of entries that were bundled from elsewhere than Vite knows, as it calls them. */
  readonly #moved = new Map<string, string>()
  /** Why the latest run could not be bundled. */
  #failure: Doubt | undefined

  constructor(
    environment: DevEnvironment,
    optimizer: DepsOptimizer,
    runs: Runs,
    mayLagBehind?: (file: string) => boolean,
  ) {
    const { name, config } = environment
    this.#environment = environment
    this.#optimizer = optimizer
    this.#runs = runs
    this.#folder = resolve(config.cacheDir, name === 'client' ? 'deps' : `deps_${name}`)
    this.#store = new Store(this.#folder)
    this.#installation = new Installation(config.root, mayLagBehind)
    this.#checkCache()
    const exports = new EntryExports(config.optimizeDeps.extensions)
    onMetadata(optimizer, {
      begun: (metadata) => {
        const manifest = this.#store.begin(Object.keys(metadata.optimized).length > 0)
        if (manifest) distinguish(metadata, manifest.version)
        exports.give(metadata)
      },
      committed: (metadata) => {
        correctSources(metadata, this.#moved)
        this.#moved.clear()
        exports.give(metadata)
      },
      failed: (forgotten) => this.#doubtAfterFailure(Object.keys(forgotten)),
    })
  }

  /**
   * Vite takes a cache as it finds it, and as long as nothing is added, nobody would look at it again. So one that is not right in
   * every file is taken away before Vite has read it, and the server starts as with none. One without layers, such as `vite optimize`
   * writes, is served as it is: nothing is added to it, and the first run bundles everything.
   */
  #checkCache(): void {
    const metadata = join(this.#folder, '_metadata.json')
    const hasLayers = [INDEX_FILE, layerFile(1)].some((file) => existsSync(join(this.#folder, file)))
    if (!hasLayers || !existsSync(metadata)) return
    const manifest = this.#store.read()
    const doubt =
      manifest instanceof Doubt
        ? manifest
        : (this.#store.foreignEntry(manifest, entriesIn(metadata)) ?? this.#installation.changed(manifest))
    if (doubt) rmSync(metadata)
  }

  /** The packages that are not optimized. */
  get excluded(): string[] {
    return this.#environment.config.optimizeDeps.exclude ?? []
  }

  importerOf(id: string, file: string): string | undefined {
    const isExcluded = this.excluded.some((name) => id === name || id.startsWith(`${name}/`))
    // Names of files have a hash of their content.
    return isExcluded || isBuiltin(id) ? this.#store.importerOf(id, basename(withoutQuery(file))) : undefined
  }

  /** Nothing that is asked about here counts as met. */
  readonly isServed = (id: string): Promise<boolean> =>
    isResolved(this.#environment, id, join(this.#folder, 'entry.js'))

  /** Those of the config, and Vite's own. */
  get aliases(): readonly Alias[] {
    return this.#environment.config.resolve.alias
  }

  /** What bundles, where that is Rolldown. */
  readonly rolldown = (): ReturnType<typeof rolldownOf> => rolldownOf(this.#environment)

  /** The source of each dependency, by the name of Vite's entry for it. */
  sources(): Entries {
    const { optimized, discovered } = this.#optimizer.metadata
    const all = Object.values({ ...discovered, ...optimized })
    return Object.fromEntries(all.flatMap(({ file, src }) => (src === undefined ? [] : [[basename(file, '.js'), src]])))
  }

  /** A bundler may have doubts of its own: one that comes up in a run begins another run. */
  begin(entries: Entries, bundlersDoubt?: Doubt): Run {
    const startedAt = performance.now()
    const { base, doubt } = this.#base(entries, bundlersDoubt)
    const plan = planLayer(base, doubt ? this.#entriesNow(entries) : entries)
    const failed: Run['failed'] = (error) => {
      this.#failure = Doubt.after(error)
    }
    const installation = new SeenInstallation(this.#installation)
    const lookAt: Run['lookAt'] = (ids) => installation.lookAt(ids, base)
    const describe: Run['describe'] = (layer) => describeLayer(plan, layer, installation)
    const bundled: Run['bundled'] = async (layer, folder) => {
      try {
        const described = await layer
        this.#store.wrote(await writeLayer(plan, described, this.#folder, folder))
        const modules = described.layer.modules.length
        const run = { modules, durationMs: Math.round(performance.now() - startedAt) }
        this.#failure = undefined
        this.#runs.wrote(
          doubt ? { kind: 'rebundled', ...doubt, ...run } : { kind: 'added', layer: plan.number, ...run },
        )
      } catch (error) {
        failed(error as Error)
        throw error
      }
    }
    return { plan, lookAt, describe, bundled, failed }
  }

  /** The entries with their sources where they are installed now. */
  #entriesNow(entries: Entries): Entries {
    const manifest = this.#store.read()
    if (manifest instanceof Doubt) return entries
    const now = Object.entries(entries).map(([name, src]) => {
      const found = this.#installation.sourceNow(manifest, src)
      if (found !== src) this.#moved.set(normalizePath(src), normalizePath(found))
      return [name, found] as const
    })
    return Object.fromEntries(now)
  }

  /** When a run fails, Vite forgets what it was for; but modules still ask for its files, until a reload transforms them anew. */
  #doubtAfterFailure(forgotten: string[]): void {
    if (forgotten.length > 0)
      this.#failure ??= new Doubt('other', `the run before failed, and Vite has forgotten ${forgotten.join(', ')}`)
  }

  /** What the run adds to. On any doubt it is nothing, and Vite reloads what has been loaded. */
  #base(wanted: Entries, bundlersDoubt: Doubt | undefined): { base: Manifest; doubt?: Doubt } {
    const committed = this.#failure ?? this.#store.read()
    const doubt =
      committed instanceof Doubt
        ? committed
        : (bundlersDoubt ??
          movedEntry(committed, wanted) ??
          this.#loadedEntry(committed, wanted) ??
          this.#changedInstallation(committed))
    if (!doubt) return { base: committed as Manifest }
    const isFirstRun = Object.keys(this.#optimizer.metadata.optimized).length === 0
    if (isFirstRun) return { base: newManifest() }
    reloadAtCommit(this.#optimizer)
    this.#runs.fallsBack({ ...doubt })
    return { base: newManifest(), doubt }
  }

  #loadedEntry(manifest: Manifest, wanted: Entries): Doubt | undefined {
    const sharesModules = (src: string) => manifest.modules.has(src) || this.#installation.findsBundled(src, manifest)
    return loadedEntry(this.#environment, newSources(manifest, wanted), sharesModules)
  }

  #changedInstallation(manifest: Manifest): Doubt | undefined {
    const changed = this.#installation.changed(manifest)
    if (changed) return changed
    const now = hashesOfNow(this.#environment)
    if (!now || now.hash === this.#optimizer.metadata.hash) return undefined
    const moved = this.#installation.moved(manifest)
    if (!moved) bringHashesUpToDate(this.#optimizer, now)
    return moved
  }
}
