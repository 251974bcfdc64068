import cloudflare from '@astrojs/cloudflare'
import react from '@astrojs/react'
import { defineConfig } from 'astro/config'
import { addedPlugins } from '../setup/plugins.mjs'

export default defineConfig({
  output: 'server',
  adapter: cloudflare({ imageService: 'passthrough', inspectorPort: false, persistState: false }),
  integrations: [react()],
  devToolbar: { enabled: false },
  vite: { clearScreen: false, plugins: await addedPlugins() },
})
