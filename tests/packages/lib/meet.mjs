import { askAll } from './ask.mjs'

/** What importers see of packages that are met one after another. Stock Vite bundles those to `include` at once, before. */
export async function meet({ side, ids, stock = false, include = [] }) {
  const paths = ids.map((_, nth) => `/late/${nth}.mjs`)
  const modules = Object.fromEntries(ids.map((id, nth) => [paths[nth], importing(JSON.stringify(id))]))
  const { answers, ...run } = await askAll({ side, modules, asked: paths, include, stock })
  // One that never answers is one that fails.
  return { ...run, met: answers.map(({ unanswered, ...answer }, nth) => ({ id: ids[nth], ...answer, ...(unanswered && { error: unanswered }) })) }
}

const importing = (id) => `import * as namespace from ${id}
import { shapeOf } from '/shape.mjs'
export const answer = async () => ({ static: shapeOf(namespace), dynamic: shapeOf(await import(${id})) })
`
