import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    sveltekit(),
    evenkeel(),
  ],
})
