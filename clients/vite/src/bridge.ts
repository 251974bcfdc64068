import type { DevEnvironment, Plugin, ViteDevServer } from 'vite'
import { liveId, prepare } from './bridge/lender.js'
import { OptimizerFiles, isOfItsSide, loadFile, optimizerFile, resolveUrl } from './bridge/optimizer-files.js'
import { isExternal, rewrite, staysInside } from './bridge/rewrite.js'
import { unwrapId } from './module-ids.js'
import type { BridgeApi, EvenkeelApi } from './plugin-api.js'
import { type DepsOptimizer, rerunTogether } from './vite-internals/optimizer.js'
import { hasRolldown } from './vite-internals/rolldown.js'

export interface BridgeOptions {
  /** The environment that borrows: Cloudflare's `worker`, for example. */
  borrower: string
  /** The environment that lends, and whose rules the borrowed modules follow: `ssr`, for example. */
  lender: string
  /** The import through which modules of `borrower` reach the other side. */
  entry: string
  /** What the ids of borrowed modules begin with in `borrower`: `virtual:my-framework:ssr:`. */
  prefix: string
}

/**
 * Lets modules of one environment run in another: a virtual subgraph in `borrower` whose modules are fetched from
 * `lender`, by its rules. Needs Vite 8, and `evenkeel()` in the plugin list, which keeps both sides in step. Does nothing in `build`.
 * The server does not start without that plugin, or where an environment does not exist.
 * @param options What is joined, and by which names.
 */
export function bridge({ borrower, lender, entry, prefix }: BridgeOptions): Plugin<BridgeApi> {
  let server: ViteDevServer
  let evenkeel: EvenkeelApi
  let prepared: Promise<void> | undefined
  /** Which ids a module of the lending side is borrowed under. */
  const copies = new Map<string, Set<string>>()
  const files = new OptimizerFiles()
  const lending = () => server.environments[lender] as DevEnvironment
  const borrowing = () => server.environments[borrower] as DevEnvironment
  const borrowed = (id: string) => {
    const bare = unwrapId(id)
    return bare.startsWith(prefix) ? bare : undefined
  }
  return {
    name: `evenkeel:bridge:${borrower}:${lender}`,
    apply: 'serve',
    enforce: 'pre',
    api: { evenkeelBridge: { borrower, lender } },
    configResolved({ plugins }) {
      const found = plugins.find(({ name }) => name === 'evenkeel')
      if (!found) throw new Error('bridge() needs evenkeel() in the plugin list')
      evenkeel = found.api as EvenkeelApi
    },
    configEnvironment(name, config) {
      if (name !== borrower) return
      // What is borrowed belongs to the optimizer of the other side.
      const external = (id: string) => id === entry || borrowed(id) !== undefined
      const optimizeDeps = (config.optimizeDeps ??= {})
      optimizeDeps.rolldownOptions ??= {}
      optimizeDeps.rolldownOptions.plugins = [
        optimizeDeps.rolldownOptions.plugins,
        {
          name: 'evenkeel:bridge-external',
          resolveId: (id: string) => (external(id) ? { id, external: true } : undefined),
        },
      ]
    },
    configureServer: {
      order: 'pre',
      handler(configured) {
        server = configured
        if (!hasRolldown(this))
          server.config.logger.warn(
            '[evenkeel] bridge() needs Vite 8: this one bundles what is borrowed a second time.',
          )
        prepared = undefined
        for (const name of [borrower, lender]) {
          if (!server.environments[name])
            throw new Error(
              `bridge(): there is no environment ${name}; there are ${Object.keys(server.environments).join(', ')}`,
            )
        }
        rerunTogether(lending(), borrowing())
        files.outliveReloads(borrowing(), lending())
      },
    },
    resolveId: {
      order: 'pre',
      async handler(id, importer) {
        const { name } = this.environment
        if (name !== borrower && name !== lender) return
        const isShared = isExternal(borrowing(), id)
        // What the runtime brings along is the same on both sides.
        if (name === lender) return isShared ? { id, external: true } : undefined
        if (id === entry) return prefix + id
        const file = isShared ? undefined : files.at(importer)
        const imported = async () => file && prefix + (await resolveUrl(lending(), id, file))
        const virtual = borrowed(id) ?? (await imported())
        // Under its own ending Vite would take it for a style sheet once more.
        return virtual?.endsWith('.css') ? `${virtual}.js` : virtual
      },
    },
    load: {
      order: 'pre',
      async handler(id) {
        const virtual = this.environment.name === borrower ? borrowed(id) : undefined
        if (virtual === undefined) return
        const real = virtual.slice(prefix.length).replace(/\.css\.js$/, '.css')
        const environment = lending()
        await (prepared ??= prepare(environment, entry))
        // A clean id could be answered from a module node of before the last optimizer run, with a hash that is gone.
        const current = (await evenkeel.resolveOptimizedId(lender, real)) ?? liveId(environment, real) ?? real
        const optimized = await optimizerFile(environment, current)
        if (optimized !== undefined) {
          files.add(id, optimized, environment.depsOptimizer as DepsOptimizer)
          const loaded = await evenkeel.fetching(lender, optimized, () => loadFile(environment, optimized))
          if (!isOfItsSide(loaded)) return loaded
        }
        const fetched = await environment.fetchModule(current, undefined, { cached: false })
        if (!('code' in fetched)) return 'export default {}'
        copies.set(fetched.id, (copies.get(fetched.id) ?? new Set()).add(id))
        if (real.endsWith('.css') && !real.endsWith('.module.css')) return 'export default {}'
        const { code, file } = fetched
        return staysInside(code, file, (specifier) => rewrite(specifier, prefix, this.environment as DevEnvironment))
      },
    },
    hotUpdate({ file, timestamp }) {
      if (this.environment.name !== borrower) return
      // A change on the lending side has to reach the copies that the borrowing side has.
      const { moduleGraph } = this.environment
      for (const lent of server.environments[lender]?.moduleGraph.getModulesByFile(file) ?? []) {
        for (const id of copies.get(lent.id ?? '') ?? []) {
          const copy = moduleGraph.getModuleById(id)
          if (copy) moduleGraph.invalidateModule(copy, new Set(), timestamp, true)
        }
      }
    },
  }
}
