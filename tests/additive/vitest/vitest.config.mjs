import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { pageList } from '../client/page-list.mjs' // test only
import { evenkeel } from '../../apps/setup/stand-in.mjs'

/** Tests in a real browser, each file with dependencies of its own that Vite has not met before. */
export default defineConfig({
  cacheDir: process.env.CACHE_DIR || undefined, // test only
  plugins: [
    react(),
    pageList(), // test only
    evenkeel(),
  ],
  test: {
    include: ['src/*.test.jsx'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false, // test only
      provider: playwright({
        launchOptions: { executablePath: process.env.CHROME_PATH || '/usr/bin/chromium', args: ['--no-sandbox'] }, // test only
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
