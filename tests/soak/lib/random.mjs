/** Numbers that a seed gives again: each hand and each client draws from its own, so that none disturbs another's. */
export function randomFrom(seed) {
  let state = seed >>> 0
  // The mulberry32 generator.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit) => Math.floor(next() * limit)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    of: (list) => list[below(list.length)],
    /** One of `[weight, value]`. */
    weighted(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0)
      return choices.find(([weight]) => (left -= weight) < 0)?.[1] ?? choices.at(-1)[1]
    },
    /** The generator of somebody who works beside. */
    beside: (number) => randomFrom(Math.imul(seed + 1, 0x9e3779b1) + number * 7919),
  }
}
