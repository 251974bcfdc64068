import devServer from '@hono/vite-dev-server'
import cloudflareAdapter from '@hono/vite-dev-server/cloudflare' // test only
import nodeAdapter from '@hono/vite-dev-server/node'
import { defineConfig } from 'vite'
import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineConfig({
  clearScreen: false, // test only
  plugins: [
    devServer({
      entry: 'src/index.tsx',
      adapter: nodeAdapter,
      ...(process.env.HONO_ADAPTER === 'cloudflare' && { adapter: cloudflareAdapter }), // test only
    }),
    evenkeel(),
  ],
})
