// What Vite has printed, as a person reads it.

const reloadLine = 'optimized dependencies changed. reloading'

/** How often an optimizer run made Vite reload. */
export const reloads = (log) => log.split(reloadLine).length - 1

const hookError = /Invalid hook call|more than one copy of React|hot update failed|reading '(?:useState|useContext|useRef|useMemo|useEffect)'/g

/** What a terminal shows when a render meets two copies of React, or a save fails. */
export const hookErrors = (log) => log.match(hookError)?.length ?? 0

/** Vite prints one of these when it has told an environment of a save. */
export const saveLine = /\b(?:page reload|hmr update) /

/** Lines that a person would take for trouble. */
export const trouble = (log) =>
  log.split('\n').filter((line) => /error(?!-boundary)|fail|exception|✘|does not exist|new version of/i.test(line))
