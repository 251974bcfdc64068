import type { Plugin } from 'vite'
import { bridge } from './bridge.js'
import type { EvenkeelOptions } from './options.js'
import { evenkeelFor } from './plugin.js'
import { isListOfClientFiles, lateClientFiles } from './rwsdk/late-client-files.js'
import { removeHooks } from './vite-internals/plugins.js'

/** rwsdk's own plugins that Evenkeel stands in for while serving, and the hooks that they do it with. Read in rwsdk 1.7.3. */
const REPLACED: Record<string, Array<keyof Plugin>> = {
  'rwsdk:ssr-bridge': ['configureServer', 'resolveId', 'load'],
  'rws-vite-plugin:stale-dep-retry': ['configureServer', 'transform'],
}

/** What rwsdk calls the modules of `ssr` in `worker`. */
const BORROWED = 'virtual:rwsdk:ssr:'

/**
 * Evenkeel for RedwoodSDK: `plugins: [cloudflare(…), redwood(), rwsdk()]`. It bridges rwsdk's two server environments
 * and takes the place of its stability plugins in the dev server; builds are left as they are.
 */
export function rwsdk(options?: EvenkeelOptions): Plugin[] {
  return [
    {
      name: 'evenkeel:rwsdk',
      apply: 'serve',
      configResolved({ plugins, logger }) {
        const missing = removeHooks(plugins, REPLACED)
        if (missing.length > 0 && options?.log !== 'silent')
          logger.warn(
            `[evenkeel] rwsdk() has not found what it replaces (${missing.join(', ')}): is redwood() in the plugin list? ` +
              'If it is, this RedwoodSDK differs from 1.7.3, for which rwsdk() was made, and two plugins may do the same work.',
          )
      },
    },
    bridge({ borrower: 'worker', lender: 'ssr', entry: 'rwsdk/__ssr_bridge', prefix: BORROWED }),
    lateClientFiles(BORROWED),
    // Its client asks for RSC payloads with `redirect: 'manual'`.
    ...evenkeelFor({ followsRedirects: (url) => !/[?&]__rsc/.test(url), mayLagBehind: isListOfClientFiles }, options),
  ]
}
