import { fileURLToPath } from 'node:url'
import { cloudflare } from '@cloudflare/vite-plugin'
import { bridge, evenkeel, keepState } from 'evenkeel'
import { defineConfig } from 'vite'
import { virtualPages } from '../setup/virtual-pages.mjs'

/** A worker that borrows what it renders with from a second environment, as RSC frameworks do. */
export default defineConfig({
  cacheDir: process.env.CACHE_DIR || undefined,
  clearScreen: false,
  // What the lending side bundles is to run in workerd, too.
  ssr: { target: 'webworker' },
  environments: {
    ssr: {
      consumer: 'server',
      define: { 'import.meta.env.SIDE': '"ssr"' },
      resolve: { noExternal: true, conditions: ['workerd', 'worker', 'module', 'browser'] },
      optimizeDeps: { noDiscovery: false },
    },
    worker: { define: { 'import.meta.env.SIDE': '"worker"' } },
  },
  plugins: [
    virtualPages(),
    cloudflare({ viteEnvironment: { name: 'worker' }, inspectorPort: false, persistState: false }),
    {
      name: 'fixture:entry',
      resolveId: (id) => (id === 'app/ssr' ? fileURLToPath(new URL('src/ssr.tsx', import.meta.url)) : undefined),
    },
    bridge({ from: 'worker', to: 'ssr', entry: 'app/ssr', prefix: 'virtual:app:ssr:' }),
    keepState({ modules: ['./src/state.ts'], environments: ['worker'] }),
    evenkeel(process.env.EVENKEEL_OPTIONS ? JSON.parse(process.env.EVENKEEL_OPTIONS) : undefined),
  ],
})
