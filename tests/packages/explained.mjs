// Differences between a package that was added late and the same package in stock Vite's own bundle, with their reasons.
// One that is not here is a defect.

/** Each is `{ package, what, because }`, and a `side` where it is on one only; `what` is a pattern of the difference as it is printed. */
export const explained = []
