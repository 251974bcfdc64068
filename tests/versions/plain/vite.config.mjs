import { evenkeelPlugin } from '../setup/evenkeel.mjs'

/** Vite alone, so that nothing but Vite and Evenkeel decides what is served. */
export default async () => ({
  cacheDir: process.env.CACHE_DIR,
  clearScreen: false,
  plugins: [process.env.EVENKEEL !== 'off' && (await evenkeelPlugin())],
})
