import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { choice } from '../../apps/setup/choice.mjs'
import { cpuTime } from '../../apps/setup/cpu-time.mjs'
import { evenkeelPlugin } from '../../apps/setup/evenkeel.mjs'
import { pageList } from './page-list.mjs'

/**
 * An app in the browser, with the other fixtures' environment variables. INCLUDE: dependencies that do not come late; TAILWIND=1: with
 * Tailwind; ESBUILD=1: without the plugin for React, which is Vite 8's alone.
 */
export default async () => {
  const { CACHE_DIR, EVENKEEL_OPTIONS, INCLUDE, TAILWIND, ESBUILD } = process.env
  const evenkeel = choice(process.env, 'EVENKEEL', ['off', 'first', 'last'])
  return {
    cacheDir: CACHE_DIR || undefined,
    clearScreen: false,
    // The plugin for React includes this by itself.
    optimizeDeps: { include: [...(INCLUDE ? INCLUDE.split(',') : []), ...(ESBUILD === '1' ? ['react/jsx-dev-runtime'] : [])] },
    ...(ESBUILD === '1' && { esbuild: { jsx: 'automatic' } }),
    plugins: [ESBUILD !== '1' && react(), TAILWIND === '1' && tailwindcss(), pageList(), cpuTime(), evenkeel !== 'off' && (await evenkeelPlugin(EVENKEEL_OPTIONS))],
  }
}
