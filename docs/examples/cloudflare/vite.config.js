import { cloudflare } from '@cloudflare/vite-plugin'
import { evenkeel } from 'evenkeel'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [cloudflare(), evenkeel()],
})
