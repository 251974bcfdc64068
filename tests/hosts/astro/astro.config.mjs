import cloudflare from '@astrojs/cloudflare'
import react from '@astrojs/react'
import { defineConfig } from 'astro/config'
import { evenkeel } from '../../apps/setup/stand-in.mjs'
import { slowTransforms } from '../setup/slow-transforms.mjs' // test only

export default defineConfig({
  output: 'server',
  adapter: cloudflare({
    imageService: 'passthrough',
    inspectorPort: false, // test only
    persistState: false, // test only
  }),
  integrations: [react()],
  devToolbar: { enabled: false }, // test only
  vite: {
    clearScreen: false, // test only
    plugins: [
      evenkeel(),
      slowTransforms(), // test only
    ],
  },
})
