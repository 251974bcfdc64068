import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { allPages, keyOf } from '../pages/table.mjs'

const id = 'virtual:pages'
const resolvedId = '\0' + id
const pagesFolder = fileURLToPath(new URL('../pages/', import.meta.url))

/**
 * Reaches the pages as file routers do: through a module that exists only in the plugin pipeline.
 * The dependency scanner stops at it, so every page's dependency is discovered by the first request.
 */
export function virtualPages() {
  let root
  return {
    name: 'fixture:virtual-pages',
    configResolved(config) {
      root = config.root
    },
    resolveId(source) {
      if (source === id) return resolvedId
    },
    load(loaded) {
      if (loaded !== resolvedId) return
      const modules = [
        ...allPages.map((page) => [keyOf(page), path.join(pagesFolder, page.module)]),
        // Below the app's own root, so that a test can save into a copy of it.
        ['GET /draft', path.join(root, 'src/draft.tsx')],
      ]
      const entries = modules.map(([key, file]) => `  ${JSON.stringify(key)}: () => import(${JSON.stringify(file)}),`)
      return `export const pages = {\n${entries.join('\n')}\n}\n`
    },
  }
}
