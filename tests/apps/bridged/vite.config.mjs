import { fileURLToPath } from 'node:url'
import { cloudflare } from '@cloudflare/vite-plugin'
import { bridge, evenkeel, keepState } from 'evenkeel'
import { defineConfig } from 'vite'
import { choice } from '../setup/choice.mjs'
import { countReloads } from '../setup/count-reloads.mjs'
import { reactCopies } from '../setup/react-copies.mjs'
import { virtualPages } from '../setup/virtual-pages.mjs'

const { CACHE_DIR, EVENKEEL_OPTIONS } = process.env
const keep = choice(process.env, 'KEEP_STATE', ['on', 'off'])

/** A worker that borrows what it renders with from a second environment, as RSC frameworks do. */
export default defineConfig({
  cacheDir: CACHE_DIR || undefined,
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
    countReloads(),
    virtualPages(),
    reactCopies(),
    cloudflare({ viteEnvironment: { name: 'worker' }, inspectorPort: false, persistState: false }),
    {
      name: 'fixture:entry',
      resolveId: (id) => (id === 'app/ssr' ? fileURLToPath(new URL('src/ssr.tsx', import.meta.url)) : undefined),
    },
    bridge({ borrower: 'worker', lender: 'ssr', entry: 'app/ssr', prefix: 'virtual:app:ssr:' }),
    keep === 'on' && keepState({ modules: ['./src/state.ts'], environments: ['worker'] }),
    evenkeel(EVENKEEL_OPTIONS ? JSON.parse(EVENKEEL_OPTIONS) : undefined),
  ],
})
