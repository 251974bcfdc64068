import { fileURLToPath } from 'node:url'
import { lateDependencies } from './late-dependencies.mjs'

const id = 'virtual:pages'

/** A dynamic import of every page, where Vite's scanner does not see it: what a page imports is met when the page is opened. */
export function pageList() {
  const pageFile = (page) => fileURLToPath(new URL(`src/pages/${page}.jsx`, import.meta.url))
  const imports = lateDependencies.map(({ page }) => `  ${page}: () => import(${JSON.stringify(pageFile(page))}),`)
  return {
    name: 'fixture:page-list',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (resolved) => (resolved === `\0${id}` ? `export const pages = {\n${imports.join('\n')}\n}\n` : undefined),
  }
}
