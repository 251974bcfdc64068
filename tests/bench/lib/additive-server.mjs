import { rm } from 'node:fs/promises'
import { latePages } from '../../apps/pages/table.mjs'
import { newCacheDir, startApp } from '../../e2e/lib/app.mjs'
import { visitAll } from '../../e2e/lib/visit.mjs'

/** A worker whose cache has all dependencies already: the first visit of every page after a start. */
export async function firstRenders(env) {
  const cacheDir = await newCacheDir()
  try {
    const cold = await startApp({ env, cacheDir })
    // On the bare stack some fail; the second time they are optimized.
    await visitAll(cold, [...latePages, ...latePages]).finally(() => cold.stop())
    const warm = await startApp({ env, cacheDir })
    const results = await visitAll(warm, latePages).finally(() => warm.stop())
    return results.reduce((sum, { ms }) => sum + ms, 0)
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}
