import { createRequire } from 'node:module'

// As in evenkeel.mjs: kept from the sight of Vite, which bundles its config.
const require = createRequire(import.meta.url)

/**
 * Stands in for the package's own in a config that a page of docs/hosts shows: with the options of a test, or nothing at all on the
 * bare stack.
 */
export function evenkeel() {
  const { EVENKEEL_OPTIONS } = process.env
  return EVENKEEL_OPTIONS ? require('evenkeel').evenkeel(JSON.parse(EVENKEEL_OPTIONS)) : []
}
