import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from 'esbuild'
import type { ESTree } from 'vite'
import type { Parser } from './esbuild-extraction.js'

type Statement = ESTree.Program['body'][number]

/** What esbuild is asked to tell. It leaves out what a module re-exports as a whole from two others, if it is not the same there. */
export const TELLS_AMBIGUITY = { 'ambiguous-reexport': 'warning' } as const
const AMBIGUOUS = /^Re-export of "(.+)" in "(.+)" is ambiguous/

interface Modules {
  /** What esbuild's paths begin at. */
  root: string
  /** Those of earlier layers. */
  written: { has(id: string): boolean }
}

/**
 * What was left out though it is the same: each stub has exports of its own, also where one module has re-exported those of another. By
 * module, the names with the module that one of them comes from.
 */
export function leftOut(
  warnings: Message[],
  { root, written }: Modules,
  { parseAst }: Parser,
): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>()
  for (const { id, text, notes } of warnings) {
    const [, name, module] = (id === 'ambiguous-reexport' && AMBIGUOUS.exec(text)) || []
    const from = notes.flatMap(({ location }) => (location ? join(root, location.file) : []))
    const [first] = from
    if (name === undefined || module === undefined || first === undefined) continue
    const isElsewhere = (file: string) => written.has(file) || reExports(bodyOf(file, parseAst), name)
    if (!from.every(isElsewhere)) continue
    const importer = join(root, module)
    found.set(importer, (found.get(importer) ?? new Map<string, string>()).set(name, first))
  }
  return found
}

function bodyOf(file: string, parse: Parser['parseAst']): Statement[] {
  try {
    return parse(readFileSync(file, 'utf8')).body
  } catch {
    return []
  }
}

/** Whether a name is exported, but not declared. */
function reExports(body: Statement[], name: string): boolean {
  const imported = body.flatMap((node) =>
    node.type === 'ImportDeclaration' ? node.specifiers.map(({ local }) => local.name) : [],
  )
  return body.some(
    (node) =>
      node.type === 'ExportNamedDeclaration' &&
      node.specifiers.some(
        ({ exported, local }) => nameOf(exported) === name && (node.source || imported.includes(nameOf(local))),
      ),
  )
}

function nameOf(node: ESTree.ModuleExportName): string {
  return node.type === 'Literal' ? node.value : node.name
}
