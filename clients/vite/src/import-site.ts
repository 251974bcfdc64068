import { readFileSync } from 'node:fs'
import type { ImportSite } from './protocol.js'
import { escapeRegExp } from './regexp.js'

/** Where in a module a bare id is imported, as an editor would show it. Virtual modules have no lines. */
export function importSite(importer: string, id: string): ImportSite {
  const file = importer.replace(/[?#].*$/, '')
  const source = read(file)
  const offset = source === undefined ? -1 : source.search(quoted(id))
  if (source === undefined || offset < 0) return { file: file.replace(/^\0/, '') }
  const before = source.slice(0, offset + 1).split('\n')
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** A bare id as a module names it. */
export function quoted(id: string): RegExp {
  return new RegExp(`(['"\`])${escapeRegExp(id)}\\1`)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
