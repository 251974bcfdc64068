import { isBuiltin } from 'node:module'
import type { DevEnvironment } from 'vite'
import { ID_PREFIX } from '../module-ids.js'
import { type SourceMap, makeAbsolute, splitSourceMap } from './source-maps.js'

/** Code after Vite's SSR transform names its imports as string literals in calls of these two. */
const SSR_IMPORT =
  /\b__vite_ssr_(?:dynamic_)?import__\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*(?:,\s*\{[^}]*\})?\s*\)/g

/** Turns the calls of Vite's module runner into imports again, for the graph of `from` to see them. */
export function staysInside(
  code: string,
  file: string | null,
  rewritten: (specifier: string) => string,
): { code: string; map: SourceMap | null } {
  const { body, map } = splitSourceMap(code)
  if (file) makeAbsolute(map, file)
  const inside = body.replace(SSR_IMPORT, (_call, literal: string) => {
    const specifier = JSON.parse(literal.startsWith("'") ? `"${literal.slice(1, -1)}"` : literal) as string
    return `import(${JSON.stringify(rewritten(specifier))})`
  })
  return { code: inside, map }
}

/** What a borrowed module imports as it is to be written in `from`. */
export function rewrite(specifier: string, prefix: string, borrower: DevEnvironment): string {
  const id = specifier.startsWith(ID_PREFIX) ? specifier.slice(ID_PREFIX.length) : specifier
  if (isExternal(borrower, id)) return id
  // Static files need no rules of the other side, and Vite treats them by their ending.
  if (id.endsWith('.json') || id.includes('?raw')) return specifier
  return ID_PREFIX + prefix + id
}

export function isExternal(borrower: DevEnvironment, id: string): boolean {
  if (isBuiltin(id)) return true
  return borrower.config.resolve.builtins.some((builtin) =>
    typeof builtin === 'string' ? builtin === id : builtin.test(id),
  )
}
