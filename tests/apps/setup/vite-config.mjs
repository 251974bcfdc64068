import { cloudflare } from '@cloudflare/vite-plugin'
import { evenkeelPlugin } from './evenkeel.mjs'
import { reactCopies } from './react-copies.mjs'
import { retryPeer } from './retry-peer.mjs'
import { strictOutdated } from './strict-outdated.mjs'
import { virtualPages } from './virtual-pages.mjs'

const choices = { EVENKEEL: ['off', 'first', 'last'], OUTDATED: ['default', 'strict'] }

/** A misspelt choice must not pass for a measurement of the default. */
function choice(env, name) {
  const value = env[name] || choices[name][0]
  if (!choices[name].includes(value)) throw new Error(`${name}=${value}: expected ${choices[name].join(' | ')}`)
  return value
}

/** The same stack for every app; what varies between test runs comes in by environment variables. */
export async function viteConfig(env = process.env) {
  const evenkeel = choice(env, 'EVENKEEL')
  const outdated = choice(env, 'OUTDATED')
  const workerFirst = env.RUN_WORKER_FIRST === '1'

  return {
    base: env.BASE || '/',
    cacheDir: env.CACHE_DIR || undefined,
    clearScreen: false,
    plugins: [
      evenkeel === 'first' && (await evenkeelPlugin(env.EVENKEEL_OPTIONS)),
      virtualPages(),
      reactCopies(),
      cloudflare({
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
