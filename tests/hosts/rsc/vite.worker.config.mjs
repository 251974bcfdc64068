import { cloudflare } from '@cloudflare/vite-plugin'
import react from '@vitejs/plugin-react'
import rsc from '@vitejs/plugin-rsc'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    rsc({
      entries: {
        ssr: './src/entry.ssr.tsx',
        client: './src/entry.browser.tsx',
      },
      serverHandler: false,
    }),
    react(),
    cloudflare({
      viteEnvironment: { name: 'rsc', childEnvironments: ['ssr'] },
      inspectorPort: false, // test only
      persistState: false, // test only
    }),
    evenkeel(),
  ],
})
