/**
 * Counts in the worker how often React was evaluated. Modules of two generations meet in a render exactly when it grows
 * between the handler's start and its answer, whatever the answer looks like.
 */
export function reactCopies() {
  return {
    name: 'fixture:react-copies',
    applyToEnvironment: (environment) => environment.name !== 'client',
    transform(code) {
      // Which optimized file holds React itself changes with every optimizer run; the bundler's comment stays.
      if (!code.includes('cjs/react.development.js')) return
      return { code: `${code}\nglobalThis.__reactCopies = (globalThis.__reactCopies ?? 0) + 1\n`, map: null }
    },
  }
}
