import { cloudflare } from '@cloudflare/vite-plugin'
import { reactRouter } from '@react-router/dev/vite'
import { addedPlugins } from '../setup/plugins.mjs'

export default async () => ({
  clearScreen: false,
  plugins: [
    cloudflare({ viteEnvironment: { name: 'ssr' }, inspectorPort: false, persistState: false }),
    reactRouter(),
    ...(await addedPlugins()),
  ],
})
