import { evenkeel } from '../../../apps/setup/stand-in.mjs'

export default {
  framework: '@storybook/react-vite',
  stories: ['../src/*.stories.jsx'],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true }, // test only
  viteFinal(config) {
    config.cacheDir = process.env.CACHE_DIR || undefined // test only
    config.plugins.push(evenkeel())
    return config
  },
}
