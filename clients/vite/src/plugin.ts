import type { Plugin, ViteDevServer } from 'vite'
import { AdditiveOptimizer, importerOf } from './additive/additive.js'
import { printBanner } from './banner.js'
import { devtoolsDock } from './devtools.js'
import { type Framework, GuardedServer } from './guarded-server.js'
import { whenListening } from './listening.js'
import { type EvenkeelOptions, resolveOptions } from './options.js'
import type { EvenkeelApi } from './plugin-api.js'
import { catchErrors, guardPreMiddleware, moveAfterHostCheck } from './vite-internals/middlewares.js'
import { hasRolldown } from './vite-internals/rolldown.js'
import { holdUpgrades } from './vite-internals/upgrades.js'
import { viteBeside } from './vite-beside.js'

const BARE_IMPORT = /^(?![a-zA-Z]:)[\w@](?!.*:\/\/)/

/**
 * Adds late dependencies to a dev server without a reload, and keeps its server environments consistent where Vite has to reload.
 * Throws on an option that does not exist or has a value of another type.
 */
export function evenkeel(options?: EvenkeelOptions): Plugin<EvenkeelApi>[] {
  return evenkeelFor({}, options)
}

/** `evenkeel()` with what a preset knows. */
export function evenkeelFor(framework: Framework, options?: EvenkeelOptions): Plugin<EvenkeelApi>[] {
  const resolved = resolveOptions(options)
  let guarded: GuardedServer | undefined
  const open = new Set<GuardedServer>()
  /** A framework may make several servers with one list of plugins: the hooks belong to that of their environment. */
  const serverOf = (environment: unknown) => [...open].find((server) => server.has(environment))
  return [
    {
      name: 'evenkeel',
      apply: 'serve',
      enforce: 'pre',
      ...devtoolsDock,
      api: {
        resolveOptimizedId: async (environment, id) => guarded?.resolveOptimizedId(environment, id),
        fetching: async (environment, module, fetch) =>
          guarded?.observers.get(environment)?.fetching(module, true, fetch) ?? fetch(),
      },
      async configEnvironment() {
        if (!resolved.additive) return undefined
        const optimizer = new AdditiveOptimizer(framework.mayLagBehind)
        if (hasRolldown(this)) return { optimizeDeps: { rolldownOptions: { plugins: [optimizer.rolldown] } } }
        // Without it, nothing is added.
        const vite = await viteBeside()
        return vite && { optimizeDeps: { esbuildOptions: { plugins: [optimizer.esbuild(vite)] } } }
      },
      // Before the worker's plugin starts its runners, so that nothing they do is missed; and the function it
      // returns adds its middleware before the worker's handler, wherever the user lists the plugin.
      configureServer: {
        order: 'pre',
        handler(server) {
          if (!optimizes(server)) return
          const opened = new GuardedServer(server, resolved, framework)
          guarded = opened
          open.add(opened)
          const { gate, inspector } = opened
          // Here and now: before anything that a worker could answer.
          server.middlewares.use(inspector.handle)
          server.middlewares.use(gate.enterTrigger)
          holdUpgrades(server, () => gate.hold())
          printBanner(server, resolved)
          return () => {
            moveAfterHostCheck(server, inspector.handle)
            server.middlewares.use(gate.enter)
            guardPreMiddleware(server, gate.enter)
            whenListening(server, () => opened.started(server))
          }
        },
      },
      resolveId: {
        order: 'pre',
        filter: { id: BARE_IMPORT },
        handler(source, importer, options) {
          if (!importer || !BARE_IMPORT.test(source)) return undefined
          serverOf(this.environment)?.observers.get(this.environment.name)?.sawImport(source, importer)
          const from = importerOf(source, importer, this.environment)
          return from === undefined ? undefined : this.resolve(source, from, { ...options, skipSelf: true })
        },
      },
      // Before a framework takes the update upon itself and leaves no modules to Vite.
      hotUpdate: {
        order: 'pre',
        handler({ file, modules, timestamp }) {
          if (resolved.foresee) serverOf(this.environment)?.touched(this.environment.name, file, modules, timestamp)
        },
      },
      // When Vite restarts with the same plugins, the next server is there before the last one is closed.
      closeBundle() {
        const closing = serverOf(this.environment)
        if (!closing) return
        open.delete(closing)
        closing.close()
        if (guarded === closing) guarded = undefined
      },
    },
    {
      name: 'evenkeel:recover',
      apply: 'serve',
      enforce: 'post',
      // After the worker's handler, so that its errors come by.
      configureServer: {
        order: 'post',
        handler(server) {
          return () => {
            const opened = serverOf(server.environments.client)
            if (opened) catchErrors(server, opened.gate.fail)
          }
        },
      },
      // After all plugins that have a say in what a change touches, a glob import for one.
      hotUpdate: {
        order: 'post',
        handler({ file, modules, timestamp }) {
          if (resolved.foresee) serverOf(this.environment)?.changed(this.environment.name, file, modules, timestamp)
        },
      },
    },
  ]
}

/** Whether there is anything to do: Vitest's server in Node, and those that frameworks make for a moment, optimize nothing. */
function optimizes({ environments }: ViteDevServer): boolean {
  return Object.values(environments).some(({ depsOptimizer }) => depsOptimizer)
}
