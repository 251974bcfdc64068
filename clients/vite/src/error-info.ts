import type { ErrorInfo } from './protocol.js'

/** Errors that wrap one another more often than this are made by a machine; what matters is said before. */
const MAX_CAUSES = 8
/** Longer texts are cut: nobody reads them, and they would have to be sent while a request waits. */
const MAX_MESSAGE = 8 * 1024
const MAX_STACK = 8 * 1024
const MAX_NAME = 256

/**
 * An error in the words of the protocol. Anything can be thrown, a proxy that throws itself for one: whatever cannot be
 * read is left out.
 */
export function errorInfo(error: unknown): ErrorInfo {
  const chain: unknown[] = [error]
  while (chain.length <= MAX_CAUSES) {
    const cause = read(chain.at(-1), 'cause')
    if (cause === undefined || cause === null || chain.includes(cause)) break
    chain.push(cause)
  }
  return chain.map(ownInfo).reduceRight((cause, info) => ({ ...info, cause }))
}

function ownInfo(error: unknown): ErrorInfo {
  if (!isObject(error)) return { message: text(error, MAX_MESSAGE) }
  const info: ErrorInfo = { message: text(read(error, 'message') ?? '', MAX_MESSAGE) }
  const [name, code, stack] = [read(error, 'name'), read(error, 'code'), read(error, 'stack')]
  if (typeof name === 'string') info.name = text(name, MAX_NAME)
  if (typeof code === 'string') info.code = text(code, MAX_NAME)
  if (typeof stack === 'string') info.stack = text(stack, MAX_STACK)
  return info
}

function read(object: unknown, name: string): unknown {
  if (!isObject(object)) return undefined
  try {
    return object[name]
  } catch {
    return undefined
  }
}

function text(value: unknown, longest: number): string {
  try {
    return String(value).slice(0, longest)
  } catch {
    return ''
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
