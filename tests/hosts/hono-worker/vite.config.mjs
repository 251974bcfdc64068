import { cloudflare } from '@cloudflare/vite-plugin'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'
import { slowTransforms } from '../setup/slow-transforms.mjs' // test only

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    cloudflare({
      inspectorPort: false, // test only
      persistState: false, // test only
    }),
    evenkeel(),
    slowTransforms(), // test only
  ],
})
