import { cloudflare } from '@cloudflare/vite-plugin'
import { redwood } from 'rwsdk/vite'
import { choice } from '../setup/choice.mjs'
import { evenkeelAround } from './evenkeel.mjs'
import { trace } from './trace.mjs'

/** RedwoodSDK's starter; the same environment variables as the other fixtures', and how Evenkeel is put in. */
export default async (_, env = process.env) => {
  const evenkeel = choice(env, 'EVENKEEL', ['off', 'first', 'last'])
  const own = choice(env, 'RWSDK_PLUGINS', ['preset', 'stock'])

  // One plugin is written down by RedwoodSDK's users and one by Cloudflare's; off, this is what the starter has.
  const framework = redwood({ includeCloudflarePlugin: false })
  const guarded =
    evenkeel === 'off' ? framework : evenkeelAround(framework, { preset: own === 'preset', options: env.EVENKEEL_OPTIONS })
  const worker = cloudflare({ viteEnvironment: { name: 'worker' }, inspectorPort: false, persistState: false })

  return {
    cacheDir: env.CACHE_DIR || undefined,
    clearScreen: false,
    plugins: [env.TRACE === '1' && trace(), ...(evenkeel === 'first' ? [guarded, worker] : [worker, guarded])],
  }
}
