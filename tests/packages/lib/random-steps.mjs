import { randomFrom } from '../../soak/lib/random.mjs'

/**
 * What happens to an app one after another, as a seed has it:
 * - `{ add }`: these packages are imported late, each after so many milliseconds;
 * - `{ update, add }`: a package is updated while the server runs, before those are imported;
 * - `{ restart, update? }`: the server is started anew; while it was down, a package may have been updated.
 */
export function randomSteps(seed, { late, names }) {
  const random = randomFrom(seed).beside(1)
  const left = [...late]
  const add = (most) => left.splice(0, random.between(1, most)).map((id) => ({ id, after: random.of([0, 0, 20, 120, 300]) }))
  const steps = [{ add: add(2) }]
  while (left.length > 0) {
    steps.push(
      random.weighted([
        [3, () => ({ add: add(1) })],
        [4, () => ({ add: add(4) })],
        [2, () => ({ restart: true })],
        [2, () => ({ restart: true, update: random.of(names) })],
        [3, () => ({ update: random.of(names), add: add(2) })],
      ])(),
    )
  }
  return [...steps, { restart: true }]
}
