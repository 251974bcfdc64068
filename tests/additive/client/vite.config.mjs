import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { choice } from '../../apps/setup/choice.mjs'
import { cpuTime } from '../../apps/setup/cpu-time.mjs'
import { evenkeelPlugin } from '../../apps/setup/evenkeel.mjs'
import { pageList } from './page-list.mjs'

/** An app in the browser, with the other fixtures' environment variables, INCLUDE: dependencies that do not come late, and TAILWIND=1. */
export default async () => {
  const { CACHE_DIR, EVENKEEL_OPTIONS, INCLUDE, TAILWIND } = process.env
  const evenkeel = choice(process.env, 'EVENKEEL', ['off', 'first', 'last'])
  return {
    cacheDir: CACHE_DIR || undefined,
    clearScreen: false,
    optimizeDeps: { include: INCLUDE ? INCLUDE.split(',') : [] },
    plugins: [react(), TAILWIND === '1' && tailwindcss(), pageList(), cpuTime(), evenkeel !== 'off' && (await evenkeelPlugin(EVENKEEL_OPTIONS))],
  }
}
