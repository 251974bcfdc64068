import react from '@vitejs/plugin-react'
import vike from 'vike/plugin'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    vike(),
    react(),
    evenkeel(),
  ],
})
