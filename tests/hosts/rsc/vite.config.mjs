import react from '@vitejs/plugin-react'
import rsc from '@vitejs/plugin-rsc'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    rsc({
      entries: {
        rsc: './src/entry.rsc.tsx',
        ssr: './src/entry.ssr.tsx',
        client: './src/entry.browser.tsx',
      },
    }),
    react(),
    evenkeel(),
  ],
})
