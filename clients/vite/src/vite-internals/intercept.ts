// Everything in this folder reaches into what Vite, Node or another plugin has not promised. Each patch says in which
// versions it was read, so that the next one can be checked against it.

type Method<T, K extends keyof T> = Extract<T[K], (...args: never[]) => unknown>

/**
 * Puts a function in front of a method, and returns the method as it was. The function gets every argument of a call, also
 * those that Vite passes today and does not document: it forwards all that it does not mean to change.
 */
export function intercept<T extends object, K extends keyof T>(
  target: T,
  name: K,
  inFront: (original: Method<T, K>, args: Parameters<Method<T, K>>) => ReturnType<Method<T, K>>,
): Method<T, K> {
  const original = (target[name] as Method<T, K>).bind(target) as Method<T, K>
  Object.assign(target, {
    [name]: (...args: Parameters<Method<T, K>>) => inFront(original, args),
  })
  return original
}
