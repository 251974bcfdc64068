import { isAbsolute } from 'node:path'

/** What Vite puts in front of an id that is no URL of its own, so that it can be fetched. */
export const ID_PREFIX = '/@id/'

/** The id that a URL stands for, as Vite has it: `/@id/__x00__virtual:x` is how an import of `\0virtual:x` is written. */
export function unwrapId(url: string): string {
  return url.startsWith(ID_PREFIX) ? url.slice(ID_PREFIX.length).replace('__x00__', '\0') : url
}

export function withoutQuery(id: string): string {
  return id.replace(/\?.*/, '')
}

/** Whether an import names a package, and not a file. */
export function isBareId(id: string): boolean {
  return !id.startsWith('.') && !id.startsWith('/') && !isAbsolute(id)
}
