import { cloudflare } from '@cloudflare/vite-plugin'
import { redwood } from 'rwsdk/vite'
import { choice } from '../setup/choice.mjs'
import { evenkeelPlugins } from './evenkeel.mjs'
import { trace } from './trace.mjs'

/** RedwoodSDK's starter, with the other fixtures' environment variables and RWSDK_PLUGINS: with the preset, or without. */
export default async (_, env = process.env) => {
  const evenkeel = choice(env, 'EVENKEEL', ['off', 'first', 'last'])
  const preset = choice(env, 'RWSDK_PLUGINS', ['preset', 'stock']) === 'preset'
  const guards = evenkeel !== 'off' && (await evenkeelPlugins({ preset, options: env.EVENKEEL_OPTIONS }))

  return {
    cacheDir: env.CACHE_DIR || undefined,
    clearScreen: false,
    plugins: [
      env.TRACE === '1' && trace(),
      evenkeel === 'first' && guards,
      cloudflare({ viteEnvironment: { name: 'worker' }, inspectorPort: false, persistState: false }),
      // It would look for the Cloudflare plugin in the app's own package.json, where the fixtures list nothing.
      redwood({ includeCloudflarePlugin: false }),
      evenkeel === 'last' && guards,
    ],
  }
}
