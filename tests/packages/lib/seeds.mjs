/** The seeds of `RANDOM_SEEDS=first-last`, or else these. */
export function seeds(usual) {
  const [first, last = first] = (process.env.RANDOM_SEEDS ?? usual).split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
