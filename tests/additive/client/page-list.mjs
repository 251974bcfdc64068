import { lateDependencies } from './late-dependencies.mjs'

const id = 'virtual:pages'

/** A dynamic import of every page, where Vite's scanner does not see it: what a page imports is met when the page is opened. */
export function pageList() {
  const imports = lateDependencies.map(({ page }) => `  ${JSON.stringify(page)}: () => import('/src/pages/${page}.jsx'),`)
  return {
    name: 'fixture:page-list',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: (resolved) => (resolved === `\0${id}` ? `export const pages = {\n${imports.join('\n')}\n}\n` : undefined),
  }
}
