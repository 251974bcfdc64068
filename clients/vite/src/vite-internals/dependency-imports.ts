import { existsSync } from 'node:fs'
import { dirname, extname, isAbsolute, join } from 'node:path'
import type { Alias, Rolldown } from 'vite'

type Plugins = Rolldown.InputOptions['plugins']
type ResolveId = Extract<NonNullable<Rolldown.Plugin['resolveId']>, (...args: never[]) => unknown>
type Resolving = Rolldown.Plugin & { resolveId: { handler: ResolveId }; buildEnd: (...args: unknown[]) => void }

/**
 * Has Vite resolve each import of a package once. Its plugin for dependencies asks all of its resolver for each bare import of each
 * module, thousands of times; but what one leads to is the same for all modules of a package, unless a folder of it has packages of its
 * own. Like what Vite keeps itself, it is forgotten when the build ends. A plugin that is not as expected is left as it is. Read in Vite
 * 8.0.0, 8.0.16, 8.1.7, 8.2.6 and 8.3.8: `rolldownDepPlugin`.
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
  const scopes = new Map<string, string>()
  const resolved = new Map<string, ReturnType<ResolveId>>()
  return {
    ...plugin,
    buildEnd(...args: unknown[]) {
      scopes.clear()
      resolved.clear()
      return buildEnd.apply(this, args)
    },
    resolveId: {
      ...resolveId,
      handler(...args) {
        const [id, importer, { kind }] = args
        const key = isFile(importer)
          ? [kind, extname(importer), scopeOf(dirname(importer), scopes), id].join('\0')
          : undefined
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

function isFile(id: string | undefined): id is string {
  return id !== undefined && isAbsolute(id) && !/[\0?]/.test(id)
}

/** What an alias stands for may depend on the importer. */
function isAliased(id: string, find: string | RegExp): boolean {
  return typeof find === 'string' ? id === find || id.startsWith(`${find}/`) : id.search(find) >= 0
}

/** The nearest folder that decides what a bare import in it leads to. */
function scopeOf(folder: string, known: Map<string, string>): string {
  const found = known.get(folder)
  if (found !== undefined) return found
  const parent = dirname(folder)
  const decides =
    parent === folder || existsSync(join(folder, 'package.json')) || existsSync(join(folder, 'node_modules'))
  const scope = decides ? folder : scopeOf(parent, known)
  known.set(folder, scope)
  return scope
}
