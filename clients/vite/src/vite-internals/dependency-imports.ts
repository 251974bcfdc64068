import { readdirSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute } from 'node:path'
import type { OnResolveResult, Plugin as EsbuildPlugin, PluginBuild } from 'esbuild'
import type { Alias, Rolldown } from 'vite'

/** Vite's plugin for dependencies, with either bundler. */
const NAME = 'vite:dep-pre-bundle'
const BARE = /^[\w@]/

type Plugins = Rolldown.InputOptions['plugins']
type ResolveId = Extract<NonNullable<Rolldown.Plugin['resolveId']>, (...args: never[]) => unknown>
type Resolving = Rolldown.Plugin & { resolveId: { handler: ResolveId }; buildEnd: (...args: unknown[]) => void }

/**
 * Has Vite resolve each import of a package once. Its plugin for dependencies asks all of its resolver for each bare import of each
 * module, thousands of times; but what one leads to is the same for all modules of a package, unless a folder of it has packages of its
 * own. For an importer that is no file on disk, Vite looks from its root. Like what Vite keeps itself, all is forgotten when the build
 * ends. A plugin that is not as expected is left as it is. Read in Vite 8.0.0, 8.0.16, 8.1.7, 8.2.6, 8.3.8 and 8.4.0:
 * `rolldownDepPlugin`, `tryNodeResolve`.
 */
export function resolvingOnce(plugins: Plugins, aliases: readonly Alias[]): Plugins {
  const flat: unknown[] = [plugins].flat(Number.POSITIVE_INFINITY as 1)
  return flat.map((plugin) => (isResolving(plugin) ? once(plugin, aliases) : plugin)) as Plugins
}

function isResolving(plugin: unknown): plugin is Resolving {
  const { name, resolveId, buildEnd } = Object(plugin)
  return name === NAME && typeof Object(resolveId).handler === 'function' && typeof buildEnd === 'function'
}

function once(plugin: Resolving, aliases: readonly Alias[]): Resolving {
  const { resolveId, buildEnd } = plugin
  const known = new Resolutions<Awaited<ReturnType<ResolveId>>>(aliases)
  return {
    ...plugin,
    buildEnd(...args: unknown[]) {
      known.forget()
      return buildEnd.apply(this, args)
    },
    resolveId: {
      ...resolveId,
      handler(...args) {
        const [id, importer, { kind }] = args
        return known.of(id, importer, kind, () => resolveId.handler.apply(this, args))
      },
    },
  }
}

/**
 * The same with esbuild. Read in Vite 6.4.0, 6.4.6, 7.3.0 and 7.3.8: `esbuildDepPlugin`. It resolves relative imports of some kinds of
 * files, too: those lead elsewhere for each folder.
 */
export function resolvingOnceWithEsbuild(plugin: EsbuildPlugin, aliases: readonly Alias[]): EsbuildPlugin {
  if (plugin.name !== NAME) return plugin
  return {
    ...plugin,
    setup(build) {
      const onResolve: PluginBuild['onResolve'] = (options, callback) => {
        const known = new Resolutions<OnResolveResult | null | undefined>(aliases)
        build.onEnd(() => known.forget())
        build.onResolve(options, (args) => {
          const { path, importer, kind, namespace } = args
          const isFile = namespace === 'file' && BARE.test(path)
          return isFile ? known.of(path, importer, kind, () => callback(args)) : callback(args)
        })
      }
      return plugin.setup({ ...build, onResolve })
    },
  }
}

/** What imports have led to. */
class Resolutions<T> {
  readonly #aliases: readonly Alias[]
  readonly #folders = new Folders()
  readonly #resolved = new Map<string, T | Promise<T>>()

  constructor(aliases: readonly Alias[]) {
    this.#aliases = aliases
  }

  of(id: string, importer: string | undefined, kind: string, resolve: () => T | Promise<T>): T | Promise<T> {
    const scope = importer === undefined ? undefined : this.#folders.scopeOf(importer)
    const key = scope === undefined ? undefined : [kind, scope, id].join('\0')
    if (key !== undefined && this.#resolved.has(key)) return this.#resolved.get(key) as T | Promise<T>
    const result = resolve()
    const isRemembered = key !== undefined && !this.#aliases.some(({ find }) => isAliased(id, find))
    return isRemembered ? this.#remembered(key, result) : result
  }

  forget(): void {
    this.#folders.forget()
    this.#resolved.clear()
  }

  /** Results in place of promises, once they are there: bundlers have less to do for those. */
  #remembered(key: string, result: T | Promise<T>): Promise<T> {
    const promise = Promise.resolve(result)
    this.#resolved.set(key, promise)
    promise.then(
      (value) => this.#resolved.set(key, value),
      () => this.#resolved.delete(key),
    )
    return promise
  }
}

/** What an alias stands for may depend on the importer. */
function isAliased(id: string, find: string | RegExp): boolean {
  return typeof find === 'string' ? id === find || id.startsWith(`${find}/`) : id.search(find) >= 0
}

/** What is in folders, each read once. */
class Folders {
  readonly #names = new Map<string, Set<string>>()

  /** What decides where the bare imports of a file lead; `undefined` for what is no file. */
  scopeOf(importer: string): string | undefined {
    if (!isAbsolute(importer)) return undefined
    const folder = dirname(importer)
    return this.#namesIn(folder).has(basename(importer)) ? this.#nearest(folder) + extname(importer) : undefined
  }

  forget(): void {
    this.#names.clear()
  }

  /** The nearest folder with packages of its own, or with a package's description. */
  #nearest(folder: string): string {
    const names = this.#namesIn(folder)
    const parent = dirname(folder)
    const decides = parent === folder || names.has('package.json') || names.has('node_modules')
    return decides ? folder : this.#nearest(parent)
  }

  #namesIn(folder: string): Set<string> {
    const known = this.#names.get(folder)
    if (known) return known
    const names = namesIn(folder)
    this.#names.set(folder, names)
    return names
  }
}

function namesIn(folder: string): Set<string> {
  try {
    return new Set(readdirSync(folder))
  } catch {
    return new Set()
  }
}
