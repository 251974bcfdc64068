// Differences between a package that was added late and the same package in stock Vite's own bundle, with their reasons.
// One that is not here is a defect.

/** `side` where it is on one side only; `what` matches a difference as it is printed. */
export const explained = []
