import { addedPlugins } from '../setup/plugins.mjs'

export default defineNuxtConfig({
  telemetry: false,
  devtools: { enabled: false },
  experimental: { viteEnvironmentApi: process.env.NUXT_ENVIRONMENT_API === 'true' },
  vite: { clearScreen: false, plugins: await addedPlugins() },
})
