import { setTimeout as pause } from 'node:timers/promises'

/** Resolves with the first truthy answer of `look`; says what was waited for when none comes. */
export async function until(what, look, { within = 20_000, every = 10 } = {}) {
  const deadline = performance.now() + within
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (performance.now() > deadline) throw new Error(`waited ${within} ms in vain: ${what}`)
    await pause(every)
  }
}

/** Waits for words in what Vite prints from now on. */
export function printed(app, pattern, options) {
  const from = app.log().length
  return until(`Vite prints ${pattern}`, () => app.log().slice(from).match(pattern), options)
}

/** Whether a promise settles in time. */
export async function settles(promise, within) {
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(resolve, within, false)))
  const settled = promise.then(
    () => true,
    () => true,
  )
  return Promise.race([settled, late]).finally(() => clearTimeout(timer))
}
