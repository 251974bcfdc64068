import { evenkeelPlugin } from '../../../apps/setup/evenkeel.mjs'

/** Storybook with its defaults, and the fixtures' environment variables. */
export default {
  framework: '@storybook/react-vite',
  stories: ['../src/*.stories.jsx'],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  async viteFinal(config) {
    const { CACHE_DIR, EVENKEEL, EVENKEEL_OPTIONS } = process.env
    if (EVENKEEL) config.plugins.push(await evenkeelPlugin(EVENKEEL_OPTIONS))
    return { ...config, cacheDir: CACHE_DIR || undefined }
  },
}
