/** Tarjan's strongly connected components; each comes after those that it leads to. */
export function components(edges: Map<string, Set<string>>): string[][] {
  const found: string[][] = []
  const done = new Set<string>()
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const visit = (node: string): void => {
    const place = order.size
    order.set(node, place)
    low.set(node, place)
    path.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (!done.has(next)) low.set(node, Math.min(low.get(node) ?? place, low.get(next) ?? place))
    }
    if (low.get(node) !== place) return
    const members = path.splice(path.indexOf(node))
    for (const member of members) done.add(member)
    found.push(members)
  }
  for (const node of edges.keys()) if (!order.has(node)) visit(node)
  return found
}
