import { evenkeel } from '../../apps/setup/stand-in.mjs'

export default defineNuxtConfig({
  telemetry: false, // test only
  devtools: { enabled: false }, // test only
  experimental: { viteEnvironmentApi: process.env.NUXT_ENVIRONMENT_API === 'true' }, // test only
  vite: {
    clearScreen: false, // test only
    plugins: [evenkeel()],
  },
})
