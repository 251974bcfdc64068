import { visit } from './visit.mjs'

const pairs = 30
const rounds = 3

/**
 * How many milliseconds longer a guarded server takes than a bare one. Alternating requests meet the same noise, and the median
 * of the differences drops what only one of a pair met. A wait that is really there is there in every round; noise is not.
 */
export async function medianExtraWait({ path, guarded, bare, atMost }) {
  let least = Infinity
  for (let round = 0; round < rounds && least >= atMost; round++) {
    const differences = []
    for (let pair = 0; pair < pairs; pair++) {
      // Whoever comes second in a pair may profit from the first.
      const order = pair % 2 ? [guarded, bare] : [bare, guarded]
      const took = new Map()
      for (const server of order) {
        const startedAt = performance.now()
        await visit(server, path)
        took.set(server, performance.now() - startedAt)
      }
      differences.push(took.get(guarded) - took.get(bare))
    }
    least = Math.min(least, median(differences))
  }
  return least
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
