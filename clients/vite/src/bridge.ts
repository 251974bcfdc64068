import type { DevEnvironment, Plugin, ViteDevServer } from 'vite'
import { liveId, prepare } from './bridge/lender.js'
import { OptimizerFiles, isOfItsSide, loadFile, optimizerFile, resolveUrl } from './bridge/optimizer-files.js'
import { isExternal, rewrite, staysInside } from './bridge/rewrite.js'
import { unwrapId } from './module-ids.js'
import type { BridgeApi, EvenkeelApi } from './plugin-api.js'
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
    const bare = unwrapId(id)
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
