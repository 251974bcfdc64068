/** How esbuild names namespaces; a number may follow. */
const NAMESPACE = '_exports'

/** How often each name occurs that a namespace may have. */
export function usesOfNamespaces(code: string): Map<string, number> {
  const uses = new Map<string, number>()
  for (let at = code.indexOf(NAMESPACE); at >= 0; at = code.indexOf(NAMESPACE, at + 1)) {
    let start = at
    let end = at + NAMESPACE.length
    while (start > 0 && isNameCharacter(code.charCodeAt(start - 1))) start--
    while (isNameCharacter(code.charCodeAt(end))) end++
    const name = code.slice(start, end)
    uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  return uses
}

/** ASCII letters and digits, `_` and `$`, and all that is not ASCII. */
function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    code > 127
  )
}
