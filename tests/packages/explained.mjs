// Differences between a package that was added late and the same package in stock Vite's own bundle, with their reasons.
// One that is not here is a defect.

/** Each is `{ package, what, because }`, and a `side` where it is on one only; `what` is a pattern of the difference as it is printed. */
export const explained = [
  {
    package: 'isomorphic-unfetch',
    side: 'browser',
    what: /global is not defined/,
    because: 'its unfetch lacks the file that its exports name; Vite refuses the whole file, a layer only the import()',
  },
]
