// Laid over a copy of tests/apps/worker, beside which `../setup` is found.
import { viteConfig } from '../setup/vite-config.mjs'
import { unused } from './cold.mjs'

export default async () => {
  const { plugins, ...config } = await viteConfig()
  return { ...config, plugins: [coldWhenChanged(), ...plugins] }
}

/** The optimizer's cache is keyed by what is excluded: another name, and the next start is a cold one. */
function coldWhenChanged() {
  return {
    name: 'soak:cold',
    configEnvironment: () => ({ optimizeDeps: { exclude: [unused] } }),
  }
}
