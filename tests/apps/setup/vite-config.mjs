import { cloudflare } from '@cloudflare/vite-plugin'
import { choice } from './choice.mjs'
import { countReloads } from './count-reloads.mjs'
import { evenkeelPlugin } from './evenkeel.mjs'
import { reactCopies } from './react-copies.mjs'
import { retryPeer } from './retry-peer.mjs'
import { strictOutdated } from './strict-outdated.mjs'
import { unseenImports } from './unseen-imports.mjs'
import { virtualPages } from './virtual-pages.mjs'

/**
 * The same stack for every app; what varies between test runs comes in by environment variables. `workers` is for an app that
 * needs more than one worker of the Cloudflare plugin.
 */
export async function viteConfig(env = process.env, workers = {}) {
  const evenkeel = choice(env, 'EVENKEEL', ['off', 'first', 'last'])
  const outdated = choice(env, 'OUTDATED', ['default', 'strict'])
  const workerFirst = env.RUN_WORKER_FIRST === '1'

  return {
    base: env.BASE || '/',
    cacheDir: env.CACHE_DIR || undefined,
    clearScreen: false,
    plugins: [
      countReloads(),
      evenkeel === 'first' && (await evenkeelPlugin(env.EVENKEEL_OPTIONS)),
      virtualPages(),
      env.UNSEEN_IMPORTS === '1' && unseenImports(),
      reactCopies(),
      cloudflare({
        ...workers,
        // One more port per app, and state that outlives a run, would make parallel runs meet.
        inspectorPort: false,
        persistState: false,
        config: workerFirst ? { assets: { binding: 'ASSETS', run_worker_first: true } } : undefined,
      }),
      outdated === 'strict' && strictOutdated(),
      env.RETRY_PLUGIN && (await retryPeer(env.RETRY_PLUGIN)),
      evenkeel === 'last' && (await evenkeelPlugin(env.EVENKEEL_OPTIONS)),
    ],
  }
}
