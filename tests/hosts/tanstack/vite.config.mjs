import { cloudflare } from '@cloudflare/vite-plugin'
import { tanstackStart } from '@tanstack/react-start/plugin/vite'
import react from '@vitejs/plugin-react'
import { addedPlugins } from '../setup/plugins.mjs'

export default async () => ({
  clearScreen: false,
  plugins: [
    cloudflare({ viteEnvironment: { name: 'ssr' }, inspectorPort: false, persistState: false }),
    tanstackStart(),
    react(),
    ...(await addedPlugins()),
  ],
})
