import type { ESTree } from 'vite'
import type { WrittenModule } from './manifest.js'
import {
  type Declarations,
  MARK,
  type Namespace,
  type Parse,
  type Statement,
  initialCall,
  markedNamespace,
  namespaceIn,
  statements,
  wrapperIn,
} from './rolldown-declarations.js'

/** In front of the name under which a file exports what its modules keep for later layers. */
export const PREFIX = 'e$'
/** How Rolldown names namespaces; a number may follow. */
const NAMESPACE = '_exports'
/** Numbers are printed as short as can be: `1e3`. */
const MARKS = new RegExp(`${MARK}\\([^,)]+, ([\\w.]+)\\);`, 'g')
/** What is not printed at the beginning of its line is in a function. */
const INDENTED_MARK = new RegExp(`^[ \\t]+${MARK}\\(`, 'm')
/** A module in a function, as Rolldown prints it. */
const WRAPPER = /^var \S+ = (?:\/\* @__PURE__ \*\/ )?__(?:commonJS|esm)/m
const EXPORT_ALL = '__exportAll'
const HELPERS = /__commonJS|__esm|__reExport/
/** Comments at the beginning. Each can be read in one way only, or a file with many of them would take minutes. */
const COMMENTS = /^(?:\s|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/|\/\/.*(?:\n|$))*/

/** A module in the code that Rolldown has printed for it. */
export interface Extracted {
  module: WrittenModule
  /** Local names that its file has to export, and as what. */
  kept: Map<string, string>
  /** The statement that makes its namespace, printed only to be read here. */
  namespace?: PrintedNamespace
}

/** Without what was parsed, so that it can be let go. */
type PrintedNamespace = Pick<Namespace, 'name' | 'statement'>

/** The code of a module with its namespace marked, and with a number. */
export function marked(code: string, self: string, number: number): string {
  return `${code}\n;import * as ${MARK}self from ${JSON.stringify(self)};${MARK}(${MARK}self, ${number});`
}

/**
 * The code of a file, cut after each mark: what was printed of each module, by the number of its mark, and of modules in front of it
 * that have none. Those with a helper are left out: it may be another module that is wrapped in a function, or that re-exports what only
 * its run tells.
 */
export function splitAtMarks(code: string): Array<[number: number, code: string]> {
  const modules: Array<[number: number, code: string]> = []
  let at = 0
  for (const { index, 0: mark, 1: number } of code.matchAll(MARKS)) {
    const end = index + mark.length
    const module = code.slice(at, end)
    if (!HELPERS.test(module)) modules.push([Number(number), module])
    at = end
  }
  return modules
}

/** The printed code without marks, and without the namespaces that were printed for them alone. No line is moved. */
export function unmarked(code: string, namespaces: PrintedNamespace[]): string {
  const cuts = [...code.matchAll(MARKS)].map(({ index, 0: mark }) => ({ index, text: mark }))
  const used = usesOfNamespaces(code)
  let from = 0
  for (const { name, statement } of namespaces) {
    const index = used.get(name) === 2 ? code.indexOf(statement, from) : -1
    if (index < 0) continue
    cuts.push({ index, text: statement })
    from = index + statement.length
  }
  const parts: string[] = []
  let at = 0
  for (const { index, text } of cuts.sort((one, other) => one.index - other.index)) {
    parts.push(code.slice(at, index), linesOf(text))
    at = index + text.length
  }
  return parts.join('') + code.slice(at)
}

/** Without the import of Rolldown's function that makes namespaces, where none is left: a module runner asks for each import. */
export function withoutUnusedHelper(code: string): string {
  // Code may be long: only the line is looked at closely.
  const path = code.includes(`${EXPORT_ALL}(`) ? -1 : code.indexOf('"./rolldown-runtime')
  if (path < 0) return code
  const start = code.lastIndexOf('\n', path) + 1
  const end = code.indexOf('\n', path)
  return code.slice(0, start) + withoutExportAll(code.slice(start, end)) + code.slice(end)
}

function withoutExportAll(line: string): string {
  return line.replace(/^import \{ (.+) \} from (".+");$/, (_, names: string, from: string) => {
    const used = names.split(', ').filter((name) => name !== EXPORT_ALL)
    return used.length > 0 ? `import { ${used.join(', ')} } from ${from};` : ''
  })
}

/** Nothing but the ends of lines. */
function linesOf(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1)
}

/** How often each name occurs that a namespace may have. */
export function usesOfNamespaces(code: string): Map<string, number> {
  const uses = new Map<string, number>()
  for (let at = code.indexOf(NAMESPACE); at >= 0; at = code.indexOf(NAMESPACE, at + 1)) {
    let start = at
    let end = at + NAMESPACE.length
    while (start > 0 && isNameCharacter(code.charCodeAt(start - 1))) start--
    while (isNameCharacter(code.charCodeAt(end))) end++
    const name = code.slice(start, end)
    uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  return uses
}

/** ASCII letters and digits, `_` and `$`, and all that is not ASCII. */
function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    code > 127
  )
}

/** Rolldown prints an entry's directives at the top of its file; here they are in the facade. */
export function withoutDirectives(code: string): string {
  return code.replace(/^(?:"use [^"]*";\s*?\n)+/, linesOf)
}

/**
 * The printed code of an entry that does not run it: the facade does. Others that import the file want a module of it, which
 * they run when they need it.
 */
export function withoutRun(code: string, entry: WrittenModule): string {
  const wrapper = entry.kind === 'cjs' ? entry.require : entry.kind === 'esm' ? entry.init : undefined
  if (!wrapper) return code
  const local = wrapper.slice(PREFIX.length)
  const run = entry.kind === 'cjs' ? `\nexport default ${local}();` : `\n${local}();`
  const start = code.lastIndexOf(run)
  const after = code.slice(start + run.length)
  const isLast = start >= 0 && !/^(?!export |\s|$)/m.test(after)
  return isLast ? `${code.slice(0, start)}\n\n${after}` : code
}

/** Finds out how the modules that are printed in this file, by their ids, can be reached from another one. */
export function extractAll(
  printed: Map<string, string>,
  file: string,
  { namespaces, wrappers }: Declarations,
  parse: Parse,
  isScript: (id: string) => boolean,
): Map<string, Extracted> {
  return new Map(
    [...printed].map(([id, code]) => [
      id,
      extract(code, file, namespaces.get(id), wrappers.get(id), parse, isScript(id)),
    ]),
  )
}

function extract(
  printed: string,
  file: string,
  declared: Namespace | undefined,
  wrapper: Statement | undefined,
  parse: Parse,
  isScript: boolean,
): Extracted {
  const kept = new Map<string, string>()
  const keep = (local: string) => {
    const name = PREFIX + local
    kept.set(local, name)
    return name
  }
  const opaque = (why: string): Extracted => ({ module: { kind: 'opaque', file, why }, kept: new Map() })

  const name = markedNamespace(printed)
  if (!name)
    return (
      commonJs(wrapper ?? wrapperIn(printed, parse), file, keep, kept) ??
      (isScript ? script(printed, file) : undefined) ??
      opaque('neither ESM nor CommonJS')
    )

  const namespace = declared ?? namespaceIn(printed, name, parse)
  // Rolldown takes some with imports for CommonJS: those that assign to `module.exports`.
  const isCommonJs = printed.includes(`var ${name} = /* @__PURE__ */ __toESM(`)
  const wrapped = !namespace && isCommonJs ? commonJs(wrapperIn(printed, parse), file, keep, kept) : undefined
  if (wrapped) return wrapped
  if (!namespace) return opaque(`the namespace ${name} is not printed as expected`)
  const module: Extract<WrittenModule, { kind: 'esm' }> = { kind: 'esm', file, exports: {} }
  const snapshots: string[] = []
  for (const [exported, value] of namespace.exports) {
    if (exported === '__proto__') return opaque('an object cannot have what it exports')
    const local = localName(value)
    if (local) module.exports[exported] = keep(local)
    else snapshots.push(exported)
  }
  if (snapshots.length > 0) Object.assign(module, { snapshots, namespace: keep(name) })
  if (isWrapped(printed)) {
    const init = initializer(printed, parse)
    if (!init) return opaque('it runs when it is needed, and not at once')
    module.init = keep(init)
  }
  return kept.has(name) ? { module, kept } : { module, kept, namespace: { name, statement: namespace.statement } }
}

/** Whether a module re-exports what only its run tells. */
export function hasStars(printed: string): boolean {
  return printed.includes('__reExport')
}

function localName(value: ESTree.Expression): string | undefined {
  const isConstant = value.type === 'Identifier' && ['undefined', 'NaN', 'Infinity'].includes(value.name)
  return value.type === 'Identifier' && !isConstant ? value.name : undefined
}

function commonJs(
  wrapper: Statement | undefined,
  file: string,
  keep: (local: string) => string,
  kept: Map<string, string>,
): Extracted | undefined {
  const name = wrapper && initialCall(wrapper, '__commonJS') ? declaredName(wrapper) : undefined
  return name ? { module: { kind: 'cjs', file, require: keep(name) }, kept } : undefined
}

/**
 * A file without exports, which runs as it is: there is nothing to reach but its effects. It is not parsed, because it may be long: what
 * is left after its comments is a statement.
 */
function script(printed: string, file: string): Extracted | undefined {
  if (WRAPPER.test(printed) || printed.replace(COMMENTS, '') === '') return undefined
  return { module: { kind: 'esm', file, exports: {} }, kept: new Map() }
}

/** Whether Rolldown has put the module into a function, and its mark with it. A package may have functions of the same name. */
function isWrapped(printed: string): boolean {
  return INDENTED_MARK.test(printed)
}

/** The name of `var init_x = __esmMin(() => …)` around the mark, unless it has to be waited for. */
function initializer(printed: string, parse: Parse): string | undefined {
  const mark = printed.search(INDENTED_MARK)
  for (const statement of statements(printed, parse)) {
    const call = statement.start <= mark && mark < statement.end ? initialCall(statement, '__esm') : undefined
    if (!call) continue
    const [body] = call.arguments
    return body?.type === 'ArrowFunctionExpression' && !body.async ? declaredName(statement) : undefined
  }
  return undefined
}

function declaredName(statement: Statement): string | undefined {
  const declared = statement.type === 'VariableDeclaration' ? statement.declarations[0]?.id : undefined
  return declared?.type === 'Identifier' ? declared.name : undefined
}
