import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, isAbsolute, posix, resolve } from 'node:path'
import type { DevEnvironment, Plugin, Rolldown, ViteDevServer } from 'vite'
import type { EvenkeelApi } from './plugin.js'
import { aroundInvalidateAll } from './vite-internals/modules.js'
import { type DepsOptimizer, initOnce, rerunTogether } from './vite-internals/optimizer.js'

export interface BridgeOptions {
  /** The environment that borrows, Cloudflare's `worker` for one. */
  from: string
  /** The environment whose rules the borrowed modules follow, `ssr` for one. */
  to: string
  /** The import through which modules of `from` reach the other side. */
  entry: string
  /** What the ids of borrowed modules begin with in `from`: `virtual:my-framework:ssr:`. */
  prefix: string
}

interface BridgeApi {
  evenkeelBridge: { from: string; to: string }
}

/** Code after Vite's SSR transform names its imports as string literals in calls of these two. */
const SSR_IMPORT = /\b__vite_ssr_(?:dynamic_)?import__\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*(?:,\s*\{[^}]*\})?\s*\)/g

const ID_PREFIX = '/@id/'

/**
 * Lets modules of one environment run in another: a virtual subgraph in `from` whose modules are fetched from `to`, by
 * the rules of `to`. Needs `evenkeel()` in the plugin list, which keeps both sides in step. Does nothing in `build`.
 */
export function bridge({ from, to, entry, prefix }: BridgeOptions): Plugin<BridgeApi> {
  let server: ViteDevServer
  let evenkeel: EvenkeelApi
  let prepared: Promise<void> | undefined
  /** Which ids a module of the lending side is borrowed under. */
  const copies = new Map<string, Set<string>>()
  const files = new OptimizerFiles()
  const borrowed = (id: string) => {
    const bare = unwrap(id)
    return bare.startsWith(prefix) ? bare : undefined
  }
  return {
    name: `evenkeel:bridge:${from}:${to}`,
    apply: 'serve',
    enforce: 'pre',
    api: { evenkeelBridge: { from, to } },
    configResolved({ plugins }) {
      const found = plugins.find(({ name }) => name === 'evenkeel')
      if (!found) throw new Error('bridge() needs evenkeel() in the plugin list')
      evenkeel = found.api as EvenkeelApi
    },
    configEnvironment(name, config) {
      if (name !== from) return
      // What is borrowed belongs to the optimizer of the other side.
      const external = (id: string) => id === entry || borrowed(id) !== undefined
      const optimizeDeps = (config.optimizeDeps ??= {})
      optimizeDeps.rolldownOptions ??= {}
      optimizeDeps.rolldownOptions.plugins = [
        optimizeDeps.rolldownOptions.plugins,
        { name: 'evenkeel:bridge-external', resolveId: (id: string) => (external(id) ? { id, external: true } : undefined) },
      ]
    },
    configureServer: {
      order: 'pre',
      handler(configured) {
        server = configured
        prepared = undefined
        for (const name of [from, to]) {
          if (!server.environments[name]) throw new Error(`bridge(): there is no environment ${name}`)
        }
        const lender = server.environments[to] as DevEnvironment
        const borrower = server.environments[from] as DevEnvironment
        initOnce(lender)
        rerunTogether(lender, borrower)
        files.outliveReloads(borrower, lender)
      },
    },
    resolveId: {
      order: 'pre',
      async handler(id, importer) {
        const { name } = this.environment
        if (name !== from && name !== to) return
        const isShared = isExternal(server.environments[from] as DevEnvironment, id)
        // What the runtime brings along is the same on both sides.
        if (name === to) return isShared ? { id, external: true } : undefined
        if (id === entry) return prefix + id
        const file = isShared ? undefined : files.at(importer)
        const imported = async () => file && prefix + (await resolveUrl(server.environments[to] as DevEnvironment, id, file))
        const virtual = borrowed(id) ?? (await imported())
        // Under its own ending Vite would take it for a style sheet once more.
        return virtual?.endsWith('.css') ? `${virtual}.js` : virtual
      },
    },
    load: {
      order: 'pre',
      async handler(id) {
        const virtual = this.environment.name === from ? borrowed(id) : undefined
        if (virtual === undefined) return
        const real = virtual.slice(prefix.length).replace(/\.css\.js$/, '.css')
        const lender = server.environments[to] as DevEnvironment
        await (prepared ??= prepare(lender, entry))
        // A clean id could be answered from a module node of before the last optimizer run, with a hash that is gone.
        const current = (await evenkeel.resolveOptimizedId(to, real)) ?? liveId(lender, real) ?? real
        const optimized = await optimizerFile(lender, current)
        if (optimized !== undefined) {
          files.add(id, optimized, lender.depsOptimizer as DepsOptimizer)
          const loaded = await evenkeel.fetching(to, optimized, () => loadFile(lender, optimized))
          if (!isOfItsSide(loaded)) return loaded
        }
        const fetched = await lender.fetchModule(current, undefined, { cached: false })
        if (!('code' in fetched)) return 'export default {}'
        copies.set(fetched.id, (copies.get(fetched.id) ?? new Set()).add(id))
        if (real.endsWith('.css') && !real.endsWith('.module.css')) return 'export default {}'
        const { code, file } = fetched
        return staysInside(code, file, (specifier) => rewrite(specifier, prefix, this.environment as DevEnvironment))
      },
    },
    hotUpdate({ file, timestamp }) {
      if (this.environment.name !== from) return
      // A change on the lending side has to reach the copies that the borrowing side has.
      const { moduleGraph } = this.environment
      for (const lent of server.environments[to]?.moduleGraph.getModulesByFile(file) ?? []) {
        for (const id of copies.get(lent.id ?? '') ?? []) {
          const copy = moduleGraph.getModuleById(id)
          if (copy) moduleGraph.invalidateModule(copy, new Set(), timestamp, true)
        }
      }
    },
  }
}

/** The environments that borrow from one, by the bridges in a plugin list. */
export function bridgedTo(plugins: readonly Plugin[], lender: string): string[] {
  const bridges = plugins.map(({ api }) => (api as Partial<BridgeApi> | undefined)?.evenkeelBridge)
  return bridges.flatMap((bridge) => (bridge?.to === lender ? [bridge.from] : []))
}

/**
 * The borrowed files of the lending side's optimizer. Nobody saves them, and a reload of the borrowing side alone leaves them
 * as they are: to transform them anew would only keep a request behind it waiting.
 */
class OptimizerFiles {
  /** Where they are, by the id they are borrowed under. */
  readonly #files = new Map<string, string>()
  /** The `browserHash` at which they were borrowed: as long as it stays, Vite leaves every file as it is. */
  readonly #borrowed = new Map<string, string>()

  add(id: string, file: string, { metadata }: DepsOptimizer): void {
    this.#files.set(id, file)
    this.#borrowed.set(id, metadata.browserHash)
  }

  at(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.#files.get(id)
  }

  outliveReloads(borrower: DevEnvironment, { depsOptimizer }: DevEnvironment): void {
    this.#borrowed.clear()
    aroundInvalidateAll(borrower, () => {
      for (const [id, browserHash] of this.#borrowed) {
        if (browserHash !== depsOptimizer?.metadata.browserHash) this.#borrowed.delete(id)
      }
      const kept = [...this.#borrowed.keys()].map((id) => {
        const module = borrower.moduleGraph.getModuleById(id)
        return { module, transformResult: module?.transformResult }
      })
      return () => {
        for (const { module, transformResult } of kept) {
          if (module && transformResult) module.transformResult = transformResult
        }
      }
    })
  }
}

/**
 * Meets what the lending side imports statically, and has it optimized. A worker is imported before the server listens: the
 * optimizer of the lending side would not have begun yet, and nobody could re-issue what a late dependency makes fail.
 */
async function prepare(lender: DevEnvironment, entry: string): Promise<void> {
  const optimizer = lender.depsOptimizer
  if (!optimizer) return
  await optimizer.init()
  const met = new Set<string>()
  const meet = async (url: string): Promise<void> => {
    if (met.has(url) || optimizer.isOptimizedDepUrl(url)) return
    met.add(url)
    // What fails here fails again, and is reported, when it is borrowed.
    const result = await lender.transformRequest(unwrap(url)).catch(() => null)
    await Promise.all(result?.deps?.map(meet) ?? [])
  }
  const resolved = await lender.pluginContainer.resolveId(entry)
  if (resolved && !optimizer.isOptimizedDepFile(resolved.id)) await meet(entry)
  for (;;) {
    const runs = Object.values(optimizer.metadata.discovered).flatMap(({ processing }) => processing ?? [])
    if (runs.length === 0) return
    await Promise.all(runs)
  }
}

/** The same answer as the sidecar's, for when there is none. */
function liveId(environment: DevEnvironment, id: string): string | undefined {
  const optimizer = environment.depsOptimizer
  const info = optimizer?.metadata.optimized[id]
  return optimizer && info ? optimizer.getOptimizedDepId(info) : undefined
}

/** The file of a module, if it is one of the optimizer's. */
async function optimizerFile({ pluginContainer, depsOptimizer }: DevEnvironment, id: string): Promise<string | undefined> {
  const resolved = await pluginContainer.resolveId(id)
  return resolved && depsOptimizer?.isOptimizedDepFile(resolved.id) ? resolved.id : undefined
}

/**
 * A file as the optimizer has written it: what else the lending side does to modules has been done to what went into it. Transformed
 * there as well, the largest modules would be transformed twice.
 */
async function loadFile({ pluginContainer }: DevEnvironment, file: string): Promise<Rolldown.LoadResult> {
  const loaded = await pluginContainer.load(file)
  if (loaded && typeof loaded === 'object' && typeof loaded.map === 'object') makeAbsolute(loaded.map as SourceMap | null, file)
  return loaded
}

/** What `import.meta.env` is depends on who transforms it. */
function isOfItsSide(loaded: Rolldown.LoadResult): boolean {
  const code = loaded && typeof loaded === 'object' ? loaded.code : loaded
  return code?.includes('import.meta.env') ?? false
}

/** What a file of the optimizer imports as Vite would write it in that file. A module has one name, whoever imports it. */
async function resolveUrl(lender: DevEnvironment, specifier: string, importer: string): Promise<string> {
  const resolved = await lender.pluginContainer.resolveId(specifier, importer)
  const id = resolved?.id ?? specifier
  const { root } = lender.config
  if (id.startsWith(`${root}/`)) return id.slice(root.length)
  const isFile = isAbsolute(id) && (lender.depsOptimizer?.isOptimizedDepFile(id) || existsSync(id.replace(/\?.*/, '')))
  return isFile ? posix.join('/@fs/', id) : id
}

/** What a borrowed module imports as it is to be written in `from`. */
function rewrite(specifier: string, prefix: string, borrower: DevEnvironment): string {
  const id = specifier.startsWith(ID_PREFIX) ? specifier.slice(ID_PREFIX.length) : specifier
  if (isExternal(borrower, id)) return id
  // Static files need no rules of the other side, and Vite treats them by their ending.
  if (id.endsWith('.json') || id.includes('?raw')) return specifier
  return ID_PREFIX + prefix + id
}

/** `/@id/__x00__virtual:x` is how an import of `\0virtual:x` is written. */
function unwrap(id: string): string {
  return id.startsWith(ID_PREFIX) ? id.slice(ID_PREFIX.length).replace('__x00__', '\0') : id
}

function isExternal(borrower: DevEnvironment, id: string): boolean {
  if (isBuiltin(id)) return true
  return borrower.config.resolve.builtins.some((builtin) =>
    typeof builtin === 'string' ? builtin === id : builtin.test(id),
  )
}

/** Turns the calls of Vite's module runner into imports again, for the graph of `from` to see them. */
function staysInside(
  code: string,
  file: string | null,
  rewritten: (specifier: string) => string,
): { code: string; map: SourceMap | null } {
  const { body, map } = splitSourceMap(code)
  if (file) makeAbsolute(map, file)
  const inside = body.replace(SSR_IMPORT, (_call, literal: string) => {
    const specifier = JSON.parse(literal.startsWith("'") ? `"${literal.slice(1, -1)}"` : literal) as string
    return `import(${JSON.stringify(rewritten(specifier))})`
  })
  return { code: inside, map }
}

/** Relative to a virtual module, sources would lead nowhere. */
function makeAbsolute(map: SourceMap | null, file: string): void {
  if (map && isAbsolute(file)) map.sources = map.sources.map((source) => source && resolve(dirname(file), source))
}

interface SourceMap {
  version: number
  sources: Array<string | null>
  sourcesContent?: (string | null)[]
  names: string[]
  mappings: string
}

/** `fetchModule` puts the map inline. Imports stay on their lines, so that it remains right where it matters. */
function splitSourceMap(code: string): { body: string; map: SourceMap | null } {
  const comment = /\n\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([\w+/=]+)\s*$/.exec(code)
  const encoded = comment?.[1]
  const body = code.slice(0, comment?.index).replace(/\n\/\/# (?:sourceURL|sourceMappingSource)=[^\n]*/g, '')
  if (!encoded) return { body, map: null }
  return { body, map: JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as SourceMap }
}
