// The fixtures' environment for a run with Evenkeel, by what a late dependency meets there.

/** As a user has it. */
export function defaults({ position = 'first', ...options } = {}) {
  return { EVENKEEL: position, EVENKEEL_OPTIONS: JSON.stringify(options) }
}

/** Runs that add. Without foresight, because what nobody waits for would find late dependencies before the requests do. */
export const adding = (options) => defaults({ foresee: false, ...options })

/** The same and nothing else: no request is foreseen, held or re-issued. */
export const addingAlone = (options) => adding({ hold: false, recover: false, ...options })

/** Runs that bundle everything again, so that a late dependency may reload: what the other lines of defence are for. */
export const reloading = (options) => defaults({ additive: false, ...options })

/** The same without foresight: requests meet late dependencies, are held and re-issued. */
export const guarded = (options) => reloading({ foresee: false, ...options })
