import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { init as lexerReady } from 'es-module-lexer'
import type { BuildFailure, BuildOptions, Metafile, Plugin, PluginBuild } from 'esbuild'
import type { Alias } from 'vite'
import { resolvingOnceWithEsbuild } from '../vite-internals/dependency-imports.js'
import type { Run } from './additive.js'
import { TELLS_AMBIGUITY, leftOut } from './esbuild-ambiguity.js'
import type { Exports, Parser } from './esbuild-extraction.js'
import { EMPTY, LayerInputs, pathIn } from './esbuild-inputs.js'
import { leavingLoads } from './esbuild-loads.js'
import { LayerOutputs } from './esbuild-outputs.js'
import { type Entries, type LayerPlan, newManifest, planLayer } from './layer-plan.js'
import type { BundledLayer } from './layer-rolldown.js'
import { type WrittenEntry, entryFile } from './manifest.js'
import { normalizePath } from './packages.js'
import { Doubt } from './store.js'

type Outputs = Metafile['outputs']

/** What the plugin needs of the environment whose optimizer it is in. */
export interface Environment {
  /** The sources of all that Vite may bundle, by the names of its entries. */
  sources(): Entries
  /** Begins a run; one with a doubt bundles everything. */
  begin(entries: Entries, doubt?: Doubt): Run
  /** Those of the config, and Vite's own. */
  aliases: readonly Alias[]
}

/** Options of the user's that decide what is printed where are left alone, and with them the runs. */
export function canAddWithEsbuild(options: BuildOptions = {}): boolean {
  const {
    format = 'esm',
    splitting = true,
    minify,
    minifyIdentifiers,
    minifySyntax,
    minifyWhitespace,
    mangleProps,
  } = options
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
      build.onResolve({ filter: new RegExp(`^${EMPTY}$`) }, ({ path }) => ({ path, namespace: plugin.name }))
      build.onLoad({ filter: /.*/, namespace: plugin.name }, () => ({ contents: '' }))
      build.onEnd(async ({ metafile, errors }) => {
        if (!metafile || errors.length > 0) return {}
        try {
          metafile.outputs = await bundle(
            build,
            {
              ...options,
              plugins: others.map((other) => resolvingOnceWithEsbuild(leavingLoads(other), environment.aliases)),
            },
            environment,
            parser,
          )
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
async function bundle(
  { esbuild }: PluginBuild,
  options: BuildOptions,
  environment: Environment,
  parser: Parser,
): Promise<Outputs> {
  await lexerReady
  const { outdir = '', absWorkingDir = process.cwd() } = options
  const sources = environment.sources()
  const entries = Object.fromEntries((options.entryPoints as string[]).map((name) => [name, sourceOf(name, sources)]))

  const attempt = async (
    plan: LayerPlan,
    isLazy: boolean,
    exports?: Map<string, Exports>,
  ): Promise<BundledLayer | Doubt> => {
    const inputs = new LayerInputs(plan, isLazy, parser, exports)
    try {
      const { metafile, outputFiles, warnings } = await esbuild.build({
        ...optionsOf(plan, inputs, options),
        metafile: true,
        write: false,
      })
      const written = { has: (file: string) => plan.base.modules.has(normalizePath(file)) }
      const left = exports ? undefined : leftOut(warnings, { root: absWorkingDir, written }, parser)
      if (left?.size && !inputs.doubt) return attempt(plan, isLazy, left)
      return (
        inputs.doubt ??
        (await new LayerOutputs(plan, inputs, parser, outdir, absWorkingDir).layer(metafile, outputFiles))
      )
    } catch (error) {
      if (inputs.doubt) return inputs.doubt
      // A module that waits for something cannot be lazy, nor can those that import it; and esbuild prints no lazy module right
      // that re-exports all of a file which is not bundled.
      if (isLazy) return attempt(plan, false)
      throw error
    }
  }
  const isAnewRight = () =>
    attempt(planLayer(newManifest(), entries), true).then(
      () => true,
      () => false,
    )

  let run = environment.begin(entries)
  let layer = await attempt(run.plan, true).catch(async (error: Error) => {
    // What is wrong without layers, too, is not helped by bundling everything.
    if (run.plan.base.layers > 0 && (await isAnewRight()))
      return new Doubt('other', `the layer could not be bundled: ${error.message}`)
    throw error
  })
  if (layer instanceof Doubt) {
    run = environment.begin(entries, layer)
    layer = await attempt(run.plan, true)
  }
  if (layer instanceof Doubt) throw new Error(layer.detail)
  const written = [...layer.entries]
  await Promise.all(written.map(([name, { code }]) => writeFile(join(outdir, entryFile(name)), code)))
  await run.bundled(run.describe(layer), outdir)
  return outputsOf([...run.plan.carried, ...written], outdir, absWorkingDir)
}

function optionsOf({ base, fresh, number }: LayerPlan, inputs: LayerInputs, options: BuildOptions): BuildOptions {
  const names = Object.keys(fresh)
  return {
    ...options,
    entryPoints: names.length > 0 ? names : [EMPTY],
    // Vite knows nothing of these files. It does not mind where their names end with a hash of esbuild's.
    entryNames: `[name]~entry-L${number}-[hash]`,
    chunkNames: `[name]-L${number}-[hash]`,
    outExtension: { '.js': `.js${base.version}` },
    plugins: [{ name: 'evenkeel:layer', setup: (build) => inputs.setUp(build) }, ...(options.plugins ?? [])],
    logLevel: 'silent',
    logOverride: { ...options.logOverride, ...TELLS_AMBIGUITY },
  }
}

/** Vite sees facades that import nothing, so that they never change for it. */
function outputsOf(entries: Array<[name: string, entry: WrittenEntry]>, folder: string, root: string): Outputs {
  const outputs = entries.map(([name, { code, exports }]) => [
    pathIn(root, join(folder, entryFile(name))),
    { bytes: Buffer.byteLength(code), inputs: {}, imports: [], exports },
  ])
  return Object.fromEntries(outputs) as Outputs
}

function sourceOf(name: string, sources: Entries): string {
  const source = sources[name]
  if (source === undefined) throw new Error(`Vite bundles ${name}, which it has not discovered`)
  return source
}
