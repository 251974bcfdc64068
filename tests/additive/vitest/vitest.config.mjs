import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { pageList } from '../client/page-list.mjs'
import { evenkeelPlugin } from '../../apps/setup/evenkeel.mjs'

/** Tests in a real browser, each file with dependencies of its own that Vite has not met before. */
export default async () => ({
  cacheDir: process.env.CACHE_DIR || undefined,
  plugins: [react(), pageList(), process.env.EVENKEEL && (await evenkeelPlugin(process.env.EVENKEEL_OPTIONS))],
  test: {
    include: ['src/*.test.jsx'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: process.env.CHROME_PATH || '/usr/bin/chromium', args: ['--no-sandbox'] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
