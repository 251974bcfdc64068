import { cloudflare } from '@cloudflare/vite-plugin'
import { reactRouter } from '@react-router/dev/vite'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'
import { slowTransforms } from '../setup/slow-transforms.mjs' // test only

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    cloudflare({
      viteEnvironment: { name: 'ssr' },
      inspectorPort: false, // test only
      persistState: false, // test only
    }),
    reactRouter(),
    evenkeel(),
    slowTransforms(), // test only
  ],
})
