// The fixture `bridged` on a Vite server in the test's own process, for what cannot be seen from outside.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { createServer } from 'vite'
import { latePages } from '../../apps/pages/table.mjs'
import { newCacheDir } from './app.mjs'
import { freePort, untilPortIsFree } from './free-port.mjs'
import { guarded } from './guarded.mjs'
import { appsFolder } from './paths.mjs'
import { until } from './waiting.mjs'

const root = path.join(appsFolder, 'bridged')

/**
 * `meet()` makes the lending side meet a late dependency, and resolves when both sides are settled; `reoptimize()` does so until the lending
 * side has been reloaded, which it is only where runs do not add.
 */
export async function bridgedServer(options) {
  const cacheDir = await newCacheDir()
  const removeCache = () => rm(cacheDir, { recursive: true, force: true })
  let server
  try {
    server = await withEnvironment({ ...guarded(options), CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' }, () => untilPortIsFree(listening))
  } catch (error) {
    await removeCache()
    throw error
  }

  async function listening() {
    const port = await freePort()
    const created = await createServer({
      root,
      configFile: path.join(root, 'vite.config.mjs'),
      cacheDir,
      logLevel: 'silent',
      server: { host: '127.0.0.1', port, strictPort: true },
    })
    try {
      return await created.listen()
    } catch (error) {
      // Left open, it would keep the test's process from ending.
      await created.close()
      throw error
    }
  }

  const { ssr } = server.environments
  const late = latePages.filter(({ usesReact }) => usesReact)
  const settled = async () => {
    const { sidecar } = globalThis[Symbol.for('evenkeel.sidecars')].values().next().value
    await sidecar.wait('awaitStable', {})
  }
  const meet = async () => {
    const page = late.shift()
    if (!page) throw new Error('there is nothing left that would re-optimize the lending side')
    await ssr.transformRequest(path.join(appsFolder, 'pages', page.module))
    await until(`the lending side has ${page.dep}`, () => page.dep in ssr.depsOptimizer.metadata.optimized)
    await settled()
  }
  const reoptimize = async () => {
    const { browserHash } = ssr.depsOptimizer.metadata
    // A dependency that shares no file with those before it reloads nothing.
    while (ssr.depsOptimizer.metadata.browserHash === browserHash) await meet()
  }
  await settled()
  return { server, meet, reoptimize, stop: () => server.close().finally(removeCache) }
}

/** The fixture's config reads the environment once, when it is loaded. */
async function withEnvironment(variables, work) {
  const before = Object.keys(variables).map((name) => [name, process.env[name]])
  Object.assign(process.env, variables)
  try {
    return await work()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
