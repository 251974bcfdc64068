/** A busy event loop runs late timers before it reads what has long arrived: let it read first. */
export function readFirst(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
