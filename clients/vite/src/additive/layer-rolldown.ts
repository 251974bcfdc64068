import { isBuiltin } from 'node:module'
import { basename, dirname } from 'node:path'
import { init as lexerReady } from 'es-module-lexer'
import type { Rolldown } from 'vite'
import { escapeRegExp } from '../regexp.js'
import type { EntriesByFolder } from '../vite-internals/rolldown.js'
import type { Run } from './additive.js'
import { find } from './installation.js'
import type { Layer, WrittenEntry, WrittenModule } from './manifest.js'
import { packageNamed } from './packages.js'
import { EMPTY, LayerBundler } from './rolldown-bundler.js'
import { CATALOG } from './rolldown-catalog.js'
import { chunksOf, importInCircles, mapOf } from './rolldown-chunks.js'

const NAME = 'evenkeel:layer'
/** It looks for the URLs of assets, which no stub has. */
const OWN_OF_VITE = 'vite:dep-pre-bundle'
const MISSING = '\0evenkeel-missing:'
/** What may be a directive other than "use strict", which most CommonJS modules have. */
const DIRECTIVE = /["']use (?:[a-rt-z]|s(?:[^t]|t[^r]))/
export const JAVASCRIPT = ['js', 'jsx', 'ts', 'tsx']
/** Made modules by Rolldown itself. JSON and texts are made modules here. */
const OTHERS = ['base64', 'dataurl', 'binary', 'empty', 'asset', 'css', 'copy']

/** The files of a layer, and what is in them. */
export interface BundledLayer {
  modules: Map<string, WrittenModule>
  /** All modules that were read for it: later layers may import those that are in none of its files, too. */
  read: string[]
  entries: Map<string, WrittenEntry>
  files: Map<string, LayerFile>
  /** What its files import that is not bundled. */
  externals: Layer['externals']
}

/** What is in a file; of one that the bundler itself writes, a hash of it. Source maps have none. */
export type LayerFile = string | Uint8Array | { hash: string | null }

/** What a layer is bundled for, and with. */
export interface LayerBuild {
  run: Run
  rolldown: () => Promise<typeof Rolldown.rolldown>
  /** The packages that are not optimized. */
  excluded: string[]
  /** Whether the dev server knows what an optimized file imports. */
  isServed(id: string): Promise<boolean>
  /** Entries of earlier layers that a build returns without writing them. A build that cannot do so writes them once more. */
  returned?: EntriesByFolder | undefined
  /** Whether later layers may need what a module exports; all, unless it says so. */
  isListed?: ((id: string) => boolean) | undefined
}

/** Rolldown's options for one layer. */
export function layerOptions(options: Rolldown.InputOptions, build: LayerBuild): Rolldown.InputOptions {
  const optionsWith = (plugin: Rolldown.Plugin, last: Rolldown.Plugin[]) => withLayer(options, build, plugin, last)
  return withHooks(build, optionsWith, transforms(options.plugins), options.external !== undefined)
}

/** Whether plugins other than Vite's transform modules, as far as that can be told. */
function transforms(plugins: Rolldown.RolldownPluginOption): boolean {
  if (Array.isArray(plugins)) return plugins.some(transforms)
  const { name, transform } = Object(plugins)
  return plugins instanceof Promise || (transform !== undefined && name !== OWN_OF_VITE)
}

/** Whether options are those of a layer already: a plugin is asked for the options of each build that it is in. */
export function isLayer({ plugins }: Rolldown.InputOptions): boolean {
  return [plugins].flat().some((plugin) => Object(plugin).name === NAME)
}

function withLayer(
  options: Rolldown.InputOptions,
  { run: { plan }, excluded, isServed }: LayerBuild,
  plugin: Rolldown.Plugin,
  last: Rolldown.Plugin[],
): Rolldown.InputOptions {
  const { treeshake, optimization, experimental } = options
  const isEmpty = Object.keys(plan.fresh).length === 0
  return {
    ...options,
    input: isEmpty ? { [basename(EMPTY)]: EMPTY } : plan.fresh,
    // A layer that comes later may use what nobody uses now.
    treeshake: treeshake === false ? false : { ...(typeof treeshake === 'object' && treeshake), commonjs: false },
    // A constant that is put in its place has no name by which it could be exported.
    optimization: { ...optimization, inlineConst: false },
    // All that a module imports has to be read.
    ...(experimental?.lazyBarrel && { experimental: { ...experimental, lazyBarrel: false } }),
    preserveEntrySignatures: 'allow-extension',
    plugins: [
      textAsModule,
      plugin,
      jsonAsCommonJs,
      missingPackages(isServed),
      ...missingExcluded(excluded, isServed),
      options.plugins,
      last,
    ],
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

/** A text as a module, so that later layers can import it. */
const textAsModule: Rolldown.Plugin = {
  name: 'evenkeel:text',
  transform: {
    order: 'post',
    filter: { moduleType: ['text'] },
    handler: (code) => ({ code: `export default ${JSON.stringify(code)}`, moduleType: 'js' }),
  },
}

/**
 * What a package imports dynamically, if it is there. Where only an unused part of the package does, it is not in the bundle without
 * layers; here it is, and Vite refuses a file with an import that it cannot resolve.
 */
function missingPackages(isServed: LayerBuild['isServed']): Rolldown.Plugin {
  return {
    name: 'evenkeel:missing-package',
    resolveId: {
      order: 'post',
      filter: { id: /^[@\w]/ },
      async handler(id, importer, { kind }) {
        if (kind !== 'dynamic-import' || isBuiltin(id) || id.includes(':')) return undefined
        const resolved = await this.resolve(id, importer, { kind, skipSelf: true })
        if (resolved) return resolved
        return (await isServed(id)) ? { id, external: true } : MISSING + id
      },
    },
    load: {
      filter: { id: new RegExp(`^${MISSING}`) },
      handler: (id) => `throw new Error(${JSON.stringify(`"${id.slice(MISSING.length)}" is not installed.`)})`,
    },
  }
}

/** The same for packages that are not optimized: for those, nobody else looks whether they are there. */
function missingExcluded(excluded: string[], isServed: LayerBuild['isServed']): Rolldown.Plugin[] {
  if (excluded.length === 0) return []
  return [
    {
      name: 'evenkeel:missing-excluded-package',
      resolveId: {
        order: 'pre',
        filter: { id: new RegExp(`^(?:${excluded.map(escapeRegExp).join('|')})(?:$|/)`) },
        async handler(id, importer, { kind }) {
          const name = packageNamed(id)
          if (kind !== 'dynamic-import' || !name || !importer || isBuiltin(id)) return undefined
          // An alias or a plugin may provide it, and where packages are in no folder, Vite alone knows them.
          const isThere = find(dirname(importer), name) !== null || (await isServed(id))
          return isThere ? undefined : MISSING + id
        },
      },
    },
  ]
}

/** What the hooks of one build work with. */
interface Making {
  build: LayerBuild
  optionsWith: (plugin: Rolldown.Plugin, last: Rolldown.Plugin[]) => Rolldown.InputOptions
  bundler: LayerBundler
  output: Rolldown.OutputOptions
  /** What files are emitted to. */
  context?: Rolldown.PluginContext
}

/**
 * Rolldown 1.2.19 keeps `generateBundle` for as long as the process lives, and so all that any hook here refers to. They let go of
 * the layer and of what was printed of it when the build ends; else a server would keep each version of its dependencies.
 */
function withHooks(
  build: LayerBuild,
  optionsWith: Making['optionsWith'],
  isTransformed: boolean,
  hasExternals: boolean,
): Rolldown.InputOptions {
  let making: Making | undefined = {
    build,
    optionsWith,
    bundler: new LayerBundler(build, 'packages', hasExternals),
    output: {},
  }
  const now = (): Making => making ?? ended()
  const bundler = () => now().bundler
  const hooks = loadingHooks(bundler, isTransformed)
  const last = [others(bundler), stubs(bundler, isTransformed)]
  const failed = (error: Error) => {
    making?.bundler.failed(error)
    making = undefined
  }
  /** Bundles the layer once more, into chunks that cannot import each other in a circle. */
  const generateAgain = async (context: Rolldown.PluginContext, bundle: Rolldown.OutputBundle, dir?: string) => {
    making = { ...now(), bundler: new LayerBundler(now().build, 'entries', hasExternals), context }
    for (const chunk of chunksOf(bundle)) {
      delete bundle[mapOf(chunk)]
      delete bundle[chunk.fileName]
    }
    const taking: Rolldown.Plugin = {
      ...hooks,
      generateBundle: (_, again) => bundler().take(now().context ?? ended(), again, dir),
    }
    await generate(now(), taking, last, bundler)
  }
  const plugin: Rolldown.Plugin = {
    ...hooks,
    buildEnd: (error) => {
      if (error) failed(error)
      else bundler().allParsed()
    },
    renderError: failed,
    outputOptions: (options) => {
      now().output = options
      return outputOptions(options, bundler)
    },
    generateBundle({ dir }, bundle) {
      return importInCircles(bundle) ? generateAgain(this, bundle, dir) : bundler().take(this, bundle, dir)
    },
    writeBundle: async ({ dir }) => {
      if (dir) await bundler().written(dir)
    },
    closeBundle: () => {
      making = undefined
    },
  }
  // When all others have had their say of what is written.
  const finishing: Rolldown.Plugin = {
    name: 'evenkeel:finish',
    generateBundle: { order: 'post', handler: (_, bundle) => bundler().finish(bundle) },
  }
  return optionsWith(plugin, [...last, finishing])
}

/** Nothing is written: maps are taken with the chunks, if they are not named as those that are left to be written. */
async function generate(
  { build, optionsWith, output }: Making,
  plugin: Rolldown.Plugin,
  last: Rolldown.Plugin[],
  bundler: () => LayerBundler,
): Promise<void> {
  const rolldown = await build.rolldown()
  const { sourcemapFileNames: _, ...options } = outputOptions(output, bundler)
  const bundle = await rolldown(optionsWith(plugin, last))
  try {
    await bundle.generate(options)
  } finally {
    await bundle.close()
  }
}

function ended(): never {
  throw new Error('The build of the layer has ended')
}

function loadingHooks(bundler: () => LayerBundler, isTransformed: boolean): Rolldown.Plugin {
  return {
    name: NAME,
    buildStart: () => lexerReady,
    resolveId: {
      order: 'pre',
      filter: { id: /^\0?evenkeel:/ },
      handler: (id) => bundler().resolve(id),
    },
    load: {
      order: 'pre',
      ...(!bundler().loads && { filter: { id: new RegExp(`^\0${CATALOG}`) } }),
      handler: (id) => bundler().load(id, isTransformed),
    },
    moduleParsed(info) {
      return bundler().parsed(this, info)
    },
    transform: {
      order: 'post',
      filter: { moduleType: JAVASCRIPT, code: DIRECTIVE },
      handler(code, id, meta) {
        bundler().readDirectives(code, id, (source) => this.parse(source, { lang: meta.moduleType as 'js' }))
      },
    },
  }
}

/** Notices what is no JavaScript, after all others have made of it what they do. */
function others(bundler: () => LayerBundler): Rolldown.Plugin {
  return {
    name: 'evenkeel:others',
    transform: {
      order: 'post',
      filter: { moduleType: OTHERS },
      handler: (_, id) => bundler().sawOther(id),
    },
  }
}

/** Undoes what other plugins have made of what is no module of theirs. */
function stubs(bundler: () => LayerBundler, isTransformed: boolean): Rolldown.Plugin {
  const transform = {
    order: 'post' as const,
    ...(!bundler().loads && { filter: { id: /^\0evenkeel:/ } }),
    handler: (_: string, id: string) => bundler().stub(id),
  }
  return { name: 'evenkeel:stubs', ...(isTransformed && { transform }) }
}

function outputOptions(options: Rolldown.OutputOptions, bundler: () => LayerBundler): Rolldown.OutputOptions {
  return {
    ...options,
    minify: false,
    minifyInternalExports: true,
    entryFileNames: (chunk) => bundler().pattern(chunk),
    chunkFileNames: (chunk) => bundler().pattern(chunk),
    sourcemapFileNames: (chunk) => bundler().mapPattern(chunk),
    codeSplitting: {
      includeDependenciesRecursively: false,
      minSize: 0,
      groups: [{ minSize: 0, minModuleSize: 0, entriesAware: true, name: (id) => bundler().group(id) }],
    },
  }
}
