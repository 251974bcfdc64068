// On globalThis, because that alone survives the reload whose effects are to be counted.
const counts: Record<string, number> = ((globalThis as any).__fixtureRan ??= {})

export const ran = (name: string) => (counts[name] = (counts[name] ?? 0) + 1)

export const countsRoute = () => Response.json(counts)
