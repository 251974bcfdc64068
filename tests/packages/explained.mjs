// Differences between a package that was added late and the same package in stock Vite's own bundle, with their reasons.
// One that is not here is a defect.

/** Each is `{ package, what, because }`, and a `side` where it is on one only; `what` is a pattern of the difference as it is printed. */
export const explained = [
  ...['readable-stream', 'through2'].map((name) => ({
    package: name,
    side: 'workerd',
    what: /no error \| stock: .*`require` for "process\/"/,
    because: 'process/ was added before readable-stream, so that there is a module to require; in a bundle of all, Rolldown leaves the require as it is',
  })),
  {
    package: 'isomorphic-unfetch',
    side: 'browser',
    what: /global is not defined/,
    because: 'its unfetch lacks the file that its exports name; Vite refuses the whole file, a layer only the import()',
  },
]
