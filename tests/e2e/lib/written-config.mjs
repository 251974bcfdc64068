/** A Vite config as people write it, where the fixture's own delegates to a module that all fixtures share. */
export const writtenConfig = `import { cloudflare } from '@cloudflare/vite-plugin'
import { evenkeel } from 'evenkeel'
import { defineConfig } from 'vite'
import { virtualPages } from '../setup/virtual-pages.mjs'

export default defineConfig({
  cacheDir: process.env.CACHE_DIR,
  clearScreen: false,
  plugins: [
    evenkeel({ additive: false, foresee: false }),
    virtualPages(),
    cloudflare({ inspectorPort: false, persistState: false }),
  ],
})
`
