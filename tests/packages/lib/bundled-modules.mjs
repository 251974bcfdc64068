import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * The modules whose own text was bundled, with the files of the optimizer's folder that hold it, by their source maps.
 * What an optimizer puts in the place of a module that is written already has the module's name, but not its text.
 */
export async function bundledModules(folder) {
  const holders = new Map()
  const texts = new Map()
  for (const map of (await readdir(folder)).filter((name) => name.endsWith('.js.map'))) {
    const file = map.slice(0, -'.map'.length)
    if (!existsSync(path.join(folder, file))) continue
    const { sources, sourcesContent = [] } = JSON.parse(await readFile(path.join(folder, map), 'utf8'))
    for (const [at, source] of sources.entries()) {
      const module = path.resolve(folder, source)
      if (!texts.has(module)) texts.set(module, await readFile(module, 'utf8').catch(() => undefined))
      if (sourcesContent[at] === undefined || sourcesContent[at] !== texts.get(module)) continue
      holders.set(module, [...(holders.get(module) ?? []), file])
    }
  }
  return Object.fromEntries(holders)
}

/** Files of the optimizer's folder that an environment knows under two names: each name is evaluated for itself. */
export function metTwice(environment, folder) {
  const ours = [...environment.moduleGraph.fileToModulesMap].filter(([file]) => path.dirname(file) === folder)
  return ours.filter(([, modules]) => modules.size > 1).map(([, modules]) => [...modules].map(({ id }) => path.basename(id)).join(' and '))
}
