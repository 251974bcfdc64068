import { smallApp } from '../../e2e/lib/small-app.mjs'
import { costOf, fetchWithDeps, untilIdle } from './vite-work.mjs'

/** So many dependencies of the same size, one after another: what each run costs. */
export async function manyLayers(env, count) {
  const names = Array.from({ length: count }, (_, at) => `late${at}`)
  const app = await smallApp(names)
  try {
    const server = await app.start(env)
    try {
      await fetchWithDeps(server, '/src/main.js')
      await untilIdle(server)
      const found = []
      for (const [at, name] of names.entries()) {
        if (at > 0) found.push({ number: at + 1, ...(await costOf(server, () => fetchWithDeps(server, `/src/${name}.js`))) })
      }
      return found
    } finally {
      await server.stop()
    }
  } finally {
    await app.remove()
  }
}
