/** The middle of some numbers; `undefined` when there are none. */
export function median(numbers) {
  if (numbers.length === 0) return undefined
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The value below which the given share of some numbers lies. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** The middle and the slow end of some times. */
export function summarize(times) {
  return { p50: round(percentile(times, 0.5)), p99: round(percentile(times, 0.99)) }
}

/** How many times as long one takes as the other. Compared within each round: other load comes and goes between them. */
export function compareRounds(one, other, share) {
  return round(median(one.map((times, index) => percentile(times, share) / percentile(other[index], share))), 2)
}

export function round(value, digits = 1) {
  return Number(value.toFixed(digits))
}

/** Rows by name, as a table for people. */
export function printTable(rows) {
  console.table(rows)
}
