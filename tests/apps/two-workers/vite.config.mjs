import { viteConfig } from '../setup/vite-config.mjs'

export default () => viteConfig(process.env, { auxiliaryWorkers: [{ configPath: './wrangler.auxiliary.jsonc' }] })
