import { parse as lex } from 'es-module-lexer'

export type Parse = (code: string) => { body: Statement[] }

interface Statement {
  type: string
  directive?: string | null
  source?: { value: string } | null
  exported?: unknown
}

/** A statement that only ECMAScript modules have, at the beginning of a line. */
const STATEMENT = /^(?:import|export)(?=[\s{*"'])/m
/** What no code of an ECMAScript module lacks, and most prose about exports does: it is found faster than code is read. */
const KEYWORD =
  /\bimport\b|\bexport\s*(?:[^\s\w]|(?:abstract|as|async|class|const|declare|default|enum|function|import|interface|let|module|namespace|type|var)\b)/
/** White space, and comments. Each can be read in one way only, or a file with many of them would take minutes. */
const BLANK = String.raw`(?:\s|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|//.*(?:\n|$))`
const BLANKS = new RegExp(`^${BLANK}*`)
const STAR = new RegExp(String.raw`^export${BLANK}*\*${BLANK}*from`)
/** Comments may stand in front of directives. */
const PROLOGUE = new RegExp(String.raw`^(?:${BLANK}|"use [^"\n]*"|'use [^'\n]*'|;)*`)

/**
 * Whether code is an ECMAScript module. Nearly all begin with an import or an export; reading the others to their end takes
 * longer than bundling them.
 */
export function isModule(code: string, parse: Parse): boolean {
  const first = STATEMENT.exec(code)
  if (first && isCode(code.slice(0, first.index))) return true
  if (!KEYWORD.test(code)) return false
  try {
    return lex(code)[3]
  } catch {
    // JSX and TypeScript are nothing for the lexer.
    return parse(code).body.some(({ type }) => /^(?:Import|Export)/.test(type))
  }
}

/** Whether what follows is neither in a comment nor in a template. Strings end with their line. */
function isCode(before: string): boolean {
  return !before.includes('`') && before.lastIndexOf('/*') <= before.lastIndexOf('*/')
}

/** Whether there is nothing but white space and comments. */
export function isBlank(code: string): boolean {
  return code.replace(BLANKS, '') === ''
}

/**
 * The directives that a module begins with, but for `"use strict"`. Many modules begin alike: what is `known` of a beginning is not
 * parsed again.
 */
export function directivesOf(code: string, parse: Parse, known = new Map<string, string[]>()): string[] {
  const [prologue = ''] = PROLOGUE.exec(code) ?? []
  if (!/["']use /.test(prologue)) return []
  const directives = known.get(prologue) ?? directivesIn(prologue, parse)
  known.set(prologue, directives)
  return directives
}

function directivesIn(prologue: string, parse: Parse): string[] {
  return parse(prologue).body.flatMap(({ directive }) => (directive && directive !== 'use strict' ? directive : []))
}

/** What a module re-exports as a whole. */
export function starExports(code: string, parse: Parse): string[] {
  try {
    const [imports] = lex(code)
    return imports.flatMap(({ n, ss, s }) => (n !== undefined && STAR.test(code.slice(ss, s)) ? n : []))
  } catch {
    const stars = parse(code).body.filter(({ type, exported }) => type === 'ExportAllDeclaration' && !exported)
    return stars.flatMap(({ source }) => source?.value ?? [])
  }
}
