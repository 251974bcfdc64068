import { resolve } from 'node:path'
import type { DevEnvironment, Rolldown } from 'vite'
import { bringHashesUpToDate, hashesOfNow, reloadAtCommit } from '../vite-internals/additive.js'
import { type DepsOptimizer, onMetadata } from '../vite-internals/optimizer.js'
import { EntryExports } from './entry-exports.js'
import { Installation } from './installation.js'
import { writeLayer } from './layer-files.js'
import { type Entries, movedEntry, newManifest, planLayer } from './layer-plan.js'
import { layerOptions } from './layer-plugin.js'
import type { Manifest } from './manifest.js'
import { Runs } from './runs.js'
import { Doubt, Store } from './store.js'

const optimizers = new WeakMap<object, AdditiveOptimizer>()

/** The additive optimizer whose plugin an environment's config has. */
export function additiveOptimizerOf({ config }: DevEnvironment): AdditiveOptimizer | undefined {
  const plugins = config.optimizeDeps.rolldownOptions?.plugins
  return [plugins].flat().map((plugin) => optimizers.get(Object(plugin))).find((optimizer) => optimizer !== undefined)
}

/**
 * Makes each run of an environment's optimizer add to what earlier runs have bundled, instead of bundling all again. So nothing
 * changes that anybody has loaded, and Vite commits without a reload.
 */
export class AdditiveOptimizer {
  #additions: Additions | undefined

  /** The plugin for `optimizeDeps.rolldownOptions`. Until an environment is there, it does nothing. */
  readonly plugin: Rolldown.Plugin = {
    name: 'evenkeel:additive',
    options: (options) => this.#additions?.optionsOf(options) ?? null,
  }

  constructor() {
    optimizers.set(this.plugin, this)
  }

  /** The environment whose optimizer bundles with the plugin. Without its runs, it does not add. */
  attach(environment: DevEnvironment): Runs | undefined {
    const { depsOptimizer, config } = environment
    if (!depsOptimizer || config.optimizeDeps.noDiscovery || !canAdd(config.optimizeDeps.rolldownOptions?.output)) return undefined
    const runs = new Runs()
    this.#additions = new Additions(environment, depsOptimizer, runs)
    return runs
  }
}

/** Options of the user's that decide what the printed code looks like are left alone, and with them the runs. */
function canAdd(output: Rolldown.OutputOptions | undefined): boolean {
  return !output || ((output.minify === undefined || output.minify === false || output.minify === 'dce-only') && !output.preserveModules)
}

class Additions {
  readonly #environment: DevEnvironment
  readonly #optimizer: DepsOptimizer
  readonly #runs: Runs
  readonly #folder: string
  readonly #store: Store
  readonly #installation = new Installation()
  #isInstallationChecked = false

  constructor(environment: DevEnvironment, optimizer: DepsOptimizer, runs: Runs) {
    const { name, config } = environment
    this.#environment = environment
    this.#optimizer = optimizer
    this.#runs = runs
    this.#folder = resolve(config.cacheDir, name === 'client' ? 'deps' : `deps_${name}`)
    this.#store = new Store(this.#folder)
    const exports = new EntryExports()
    onMetadata(optimizer, { begun: (metadata) => exports.give(metadata), committed: (metadata) => exports.give(metadata) })
  }

  /** The options of one run. Vite bundles single files too, to see what they export: those have no named entries. */
  optionsOf(options: Rolldown.InputOptions): Rolldown.InputOptions | undefined {
    const { input } = options
    if (typeof input !== 'object' || Array.isArray(input)) return undefined
    const startedAt = performance.now()
    const { base, doubt } = this.#base(input)
    const plan = planLayer(base, input)
    return layerOptions(options, plan, async (layer, folder) => {
      this.#store.wrote(await writeLayer(plan, layer, this.#folder, folder, this.#installation))
      const run = { modules: layer.modules.size, durationMs: Math.round(performance.now() - startedAt) }
      this.#runs.wrote(doubt ? { kind: 'rebundled', ...doubt, ...run } : { kind: 'added', layer: plan.number, ...run })
    })
  }

  /** What the run adds to. On any doubt it is nothing, and Vite reloads what has been loaded. */
  #base(wanted: Entries): { base: Manifest; doubt?: Doubt } {
    const committed = this.#store.read()
    const doubt = committed instanceof Doubt ? committed : (movedEntry(committed, wanted) ?? this.#changedInstallation(committed))
    if (!doubt) return { base: committed as Manifest }
    const isFirstRun = Object.keys(this.#optimizer.metadata.optimized).length === 0
    if (isFirstRun) return { base: newManifest() }
    reloadAtCommit(this.#optimizer)
    this.#runs.fallsBack({ ...doubt })
    return { base: newManifest(), doubt }
  }

  #changedInstallation(manifest: Manifest): Doubt | undefined {
    const now = hashesOfNow(this.#environment)
    const isSame = !now || now.hash === this.#optimizer.metadata.hash
    const inDepth = !isSame || !this.#isInstallationChecked
    const doubt = this.#installation.changed(manifest) ?? (inDepth ? this.#installation.changedInDepth(manifest) : undefined)
    if (doubt) return doubt
    this.#isInstallationChecked = true
    if (!isSame) bringHashesUpToDate(this.#optimizer, now)
    return undefined
  }
}
