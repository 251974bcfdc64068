import react from '@vitejs/plugin-react'
import { choice } from '../../apps/setup/choice.mjs'
import { evenkeelPlugin } from '../../apps/setup/evenkeel.mjs'
import { pageList } from './page-list.mjs'

/** An app in the browser, with the other fixtures' environment variables. */
export default async () => {
  const { CACHE_DIR, EVENKEEL_OPTIONS } = process.env
  const evenkeel = choice(process.env, 'EVENKEEL', ['off', 'first', 'last'])
  return {
    cacheDir: CACHE_DIR || undefined,
    clearScreen: false,
    plugins: [react(), pageList(), evenkeel !== 'off' && (await evenkeelPlugin(EVENKEEL_OPTIONS))],
  }
}
