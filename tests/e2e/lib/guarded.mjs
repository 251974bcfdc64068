/** The fixture's environment for a run with Evenkeel as a user has it. */
export function defaults({ position = 'first', ...options } = {}) {
  return { EVENKEEL: position, EVENKEEL_OPTIONS: JSON.stringify(options) }
}

/**
 * The fixture's environment for a run with Evenkeel. Without foresight, unless a test is about it: what nobody waits for would
 * find the late dependencies before the requests that are to be recovered.
 */
export const guarded = (options) => defaults({ foresee: false, ...options })

/** The same with runs that add and nothing else: no request is foreseen, held or re-issued. */
export const addingAlone = (options) => defaults({ foresee: false, hold: false, recover: false, ...options })
