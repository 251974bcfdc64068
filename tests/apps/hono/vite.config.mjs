import { viteConfig } from '../setup/vite-config.mjs'

export default () => viteConfig()
