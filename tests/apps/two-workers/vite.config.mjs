import { countReloads } from '../setup/count-reloads.mjs'
import { viteConfig } from '../setup/vite-config.mjs'

export default async () => {
  const { plugins, ...config } = await viteConfig(process.env, { auxiliaryWorkers: [{ configPath: './wrangler.auxiliary.jsonc' }] })
  return { ...config, plugins: [countReloads(), ...plugins] }
}
