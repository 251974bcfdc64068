/**
 * The fixture's environment for a run with Evenkeel. Without foresight, unless a test is about it: what nobody waits for would
 * find the late dependencies before the requests that are to be recovered.
 */
export function guarded({ position = 'first', ...options } = {}) {
  return { EVENKEEL: position, EVENKEEL_OPTIONS: JSON.stringify({ foresee: false, ...options }) }
}
