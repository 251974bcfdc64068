import { cloudflare } from '@cloudflare/vite-plugin'
import { addedPlugins } from '../setup/plugins.mjs'

export default async () => ({
  clearScreen: false,
  plugins: [cloudflare({ inspectorPort: false, persistState: false }), ...(await addedPlugins())],
})
