import { createRequire } from 'node:module'
import { choice } from '../setup/choice.mjs'

// As in ../setup/evenkeel.mjs: kept from the sight of Vite, which bundles its config.
const require = createRequire(import.meta.url)

/**
 * Stands in for the package's own preset in a config, by the fixtures' environment variables and RWSDK_PLUGINS: `stock` is the plugin
 * for any app, beside RedwoodSDK's own recovery, which shows what the preset is worth.
 */
export function rwsdk() {
  const { EVENKEEL_OPTIONS } = process.env
  if (choice(process.env, 'EVENKEEL', ['off', 'last']) === 'off') return []
  const plugins = require('evenkeel')
  const preset = choice(process.env, 'RWSDK_PLUGINS', ['preset', 'stock']) === 'preset' ? plugins.rwsdk : plugins.evenkeel
  return preset(EVENKEEL_OPTIONS ? JSON.parse(EVENKEEL_OPTIONS) : undefined)
}
