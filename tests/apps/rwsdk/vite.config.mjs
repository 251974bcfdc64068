import { cloudflare } from '@cloudflare/vite-plugin'
import { redwood } from 'rwsdk/vite'
import { defineConfig } from 'vite'
import { rwsdk } from './evenkeel.mjs'
import { trace } from './trace.mjs' // test only

/** RedwoodSDK's starter. */
export default defineConfig({
  cacheDir: process.env.CACHE_DIR || undefined, // test only
  clearScreen: false, // test only
  plugins: [
    process.env.TRACE === '1' && trace(), // test only
    cloudflare({
      viteEnvironment: { name: 'worker' },
      inspectorPort: false, // test only
      persistState: false, // test only
    }),
    redwood({
      // It would look for the Cloudflare plugin in the app's own package.json, where the fixtures list nothing.
      includeCloudflarePlugin: false, // test only
    }),
    rwsdk(),
  ],
})
