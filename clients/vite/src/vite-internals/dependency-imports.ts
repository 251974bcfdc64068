import { readdirSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute } from 'node:path'
import type { Alias, Rolldown } from 'vite'

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
  return (
    name === 'vite:dep-pre-bundle' && typeof Object(resolveId).handler === 'function' && typeof buildEnd === 'function'
  )
}

function once(plugin: Resolving, aliases: readonly Alias[]): Resolving {
  const { resolveId, buildEnd } = plugin
  const folders = new Folders()
  const resolved = new Map<string, ReturnType<ResolveId>>()
  return {
    ...plugin,
    buildEnd(...args: unknown[]) {
      folders.forget()
      resolved.clear()
      return buildEnd.apply(this, args)
    },
    resolveId: {
      ...resolveId,
      handler(...args) {
        const [id, importer, { kind }] = args
        const scope = importer === undefined ? undefined : folders.scopeOf(importer)
        const key = scope === undefined ? undefined : [kind, scope, id].join('\0')
        if (key !== undefined && resolved.has(key)) return resolved.get(key)
        const result = resolveId.handler.apply(this, args)
        const isRemembered = key !== undefined && !aliases.some(({ find }) => isAliased(id, find))
        return isRemembered ? remembered(resolved, key, result) : result
      },
    },
  }
}

/** Results in place of promises, once they are there: Rolldown has less to do for those. */
function remembered(
  resolved: Map<string, ReturnType<ResolveId>>,
  key: string,
  result: ReturnType<ResolveId>,
): ReturnType<ResolveId> {
  const promise = Promise.resolve(result)
  resolved.set(key, promise)
  promise.then(
    (value) => resolved.set(key, value),
    () => resolved.delete(key),
  )
  return promise
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
