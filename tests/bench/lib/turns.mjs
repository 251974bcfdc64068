/** In which order contestants come: whoever comes second may profit from the first. */
export function inTurn(turn, contestants) {
  const first = turn % contestants.length
  return [...contestants.slice(first), ...contestants.slice(0, first)]
}
