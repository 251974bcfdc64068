import { dirname, isAbsolute, resolve } from 'node:path'

export interface SourceMap {
  version: number
  sources: Array<string | null>
  sourcesContent?: (string | null)[]
  names: string[]
  mappings: string
}

/** Relative to a virtual module, sources would lead nowhere. */
export function makeAbsolute(map: SourceMap | null, file: string): void {
  if (map && isAbsolute(file)) map.sources = map.sources.map((source) => source && resolve(dirname(file), source))
}

/** `fetchModule` puts the map inline. Imports stay on their lines, so that it remains right where it matters. */
export function splitSourceMap(code: string): { body: string; map: SourceMap | null } {
  const comment = /\n\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([\w+/=]+)\s*$/.exec(code)
  const encoded = comment?.[1]
  const body = code.slice(0, comment?.index).replace(/\n\/\/# (?:sourceURL|sourceMappingSource)=[^\n]*/g, '')
  if (!encoded) return { body, map: null }
  return { body, map: JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as SourceMap }
}
