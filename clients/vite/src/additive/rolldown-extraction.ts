import type { ESTree } from 'vite'
import type { WrittenModule } from './manifest.js'

/** In front of the name under which a file exports what its modules keep for later layers. */
export const PREFIX = 'e$'
/** How Rolldown names namespaces; a number may follow. */
const NAMESPACE = '_exports'
const STATEMENT_END = ');'
/** How the value of a namespace begins. */
const NAMESPACE_VALUE = /^\(*(?:\/\* @__PURE__ \*\/ )?\(*__export/
/** Comments at the beginning. Each can be read in one way only, or a file with many of them would take minutes. */
const COMMENTS = /^(?:\s|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/|\/\/.*(?:\n|$))*/
/** Called with a module's namespace at its end, so that Rolldown prints the namespace: it tells each export's local name. */
export const MARK = '__evenkeel_namespace__'

type Parse = (code: string) => ESTree.Program
type Statement = ESTree.Program['body'][number]
type Expression = ESTree.Expression

/** A module in the code that Rolldown has printed for it. */
export interface Extracted {
  module: WrittenModule
  /** Local names that its file has to export, and as what. */
  kept: Map<string, string>
  /** The statement that makes its namespace. It is there to be read here. */
  namespace?: { name: string; statement: string }
}

/** The code of a module with its namespace marked. */
export function marked(code: string, self: string): string {
  return `${code}\n;import * as ${MARK}self from ${JSON.stringify(self)};${MARK}(${MARK}self);`
}

/** The printed code without marks, and without the namespaces that were printed for them alone. No line is moved. */
export function unmarked(code: string, namespaces: Array<NonNullable<Extracted['namespace']>>): string {
  const used = usesOfNamespaces(code)
  let rest = code
  let unmarked = ''
  for (const { name, statement } of namespaces) {
    const start = used.get(name) === 2 ? rest.indexOf(statement) : -1
    if (start < 0) continue
    unmarked += rest.slice(0, start) + statement.replaceAll(/[^\n]/g, '')
    rest = rest.slice(start + statement.length)
  }
  return (unmarked + rest).replaceAll(new RegExp(`${MARK}\\([\\w$]+\\);`, 'g'), '')
}

/** How often each name occurs that a namespace may have. */
function usesOfNamespaces(code: string): Map<string, number> {
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
  return code.replace(/^(?:"use [^"]*";\s*?\n)+/, (directives) => directives.replaceAll(/[^\n]/g, ''))
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
  declarations: Map<string, Declaration>,
  parse: Parse,
): Map<string, Extracted> {
  return new Map([...printed].map(([id, code]) => [id, extract(code, file, declarations.get(id), parse)]))
}

function extract(printed: string, file: string, declaration: Declaration | undefined, parse: Parse): Extracted {
  const kept = new Map<string, string>()
  const keep = (local: string) => {
    const name = PREFIX + local
    kept.set(local, name)
    return name
  }
  const opaque = (why: string): Extracted => ({ module: { kind: 'opaque', file, why }, kept: new Map() })

  const namespace = markedNamespace(printed)
  if (!namespace)
    return (
      commonJs(declaration?.parsed ?? wrapperStatement(printed, parse), file, keep, kept) ??
      script(printed, file) ??
      opaque('neither ESM nor CommonJS')
    )

  const declared = declaration ?? namespaceStatement(printed, namespace, parse)
  const getters = declared && gettersOf(declared.parsed)
  // Rolldown takes some with imports for CommonJS: those that assign to `module.exports`.
  const isCommonJs = printed.includes(`var ${namespace} = /* @__PURE__ */ __toESM(`)
  const wrapped = !getters && isCommonJs ? commonJs(wrapperStatement(printed, parse), file, keep, kept) : undefined
  if (wrapped) return wrapped
  if (!getters) return opaque(`the namespace ${namespace} is not printed as expected`)
  const module: Extract<WrittenModule, { kind: 'esm' }> = { kind: 'esm', file, exports: {} }
  const snapshots: string[] = []
  for (const [name, value] of getters) {
    if (name === '__proto__') return opaque('an object cannot have what it exports')
    const local = localName(value)
    if (local) module.exports[name] = keep(local)
    else snapshots.push(name)
  }
  if (snapshots.length > 0) Object.assign(module, { snapshots, namespace: keep(namespace) })
  if (isWrapped(printed)) {
    const init = initializer(printed, parse)
    if (!init) return opaque('it runs when it is needed, and not at once')
    module.init = keep(init)
  }
  return kept.has(namespace)
    ? { module, kept }
    : { module, kept, namespace: { name: namespace, statement: declared.text } }
}

/** Whether a module re-exports what only its run tells. */
export function hasStars(printed: string): boolean {
  return printed.includes('__reExport')
}

function markedNamespace(printed: string): string | undefined {
  const start = printed.lastIndexOf(`${MARK}(`)
  if (start < 0) return undefined
  return printed.slice(start + MARK.length + 1, printed.indexOf(')', start))
}

/** How a module can be reached: `var x_exports = __exportAll({ name: () => local })`, or `var require_x = __commonJSMin(…)` without its body. */
export interface Declaration {
  text: string
  parsed: Statement
}

/**
 * The declarations of all modules, by their ids. They are parsed together, since a call of the parser takes longer than a statement. One
 * that is not what it looks like is missing.
 */
export function declarationsIn(printed: Map<string, string>, parse: Parse): Map<string, Declaration> {
  const found: Found[] = []
  for (const [id, code] of printed) {
    const namespace = markedNamespace(code)
    const text = namespace === undefined ? wrapperText(code) : namespaceText(code, namespace)
    if (text !== undefined) found.push({ id, text })
  }
  return new Map(parsedTogether(found, parse))
}

interface Found {
  id: string
  text: string
}

/** If one of them cannot be parsed, each half is parsed by itself. */
function parsedTogether(found: Found[], parse: Parse): Array<[string, Declaration]> {
  if (found.length === 0) return []
  const parsed = statements(found.map(({ text }) => text).join('\n'), parse)
  let at = 0
  const told = found.flatMap(({ id, text }, index): Array<[string, Declaration]> => {
    const statement = parsed[index]
    const isWhole = statement?.start === at && statement.end === at + text.length
    at += text.length + 1
    return isWhole ? [[id, { text, parsed: statement }]] : []
  })
  if (told.length === found.length) return told
  if (found.length === 1) return []
  const middle = found.length >> 1
  return [...parsedTogether(found.slice(0, middle), parse), ...parsedTogether(found.slice(middle), parse)]
}

function namespaceText(printed: string, namespace: string): string | undefined {
  const [start] = beginnings(printed, namespace)
  const end = start === undefined ? -1 : printed.indexOf(STATEMENT_END, start)
  return end < 0 ? undefined : printed.slice(start, end + STATEMENT_END.length)
}

function namespaceStatement(printed: string, namespace: string, parse: Parse): Declaration | undefined {
  for (const start of beginnings(printed, namespace)) {
    const statement = statementAt(printed, start, parse)
    if (statement) return statement
  }
  return undefined
}

/** Where the statement may begin. A comment may end in front of it, or have the same words. */
function* beginnings(printed: string, namespace: string): Generator<number> {
  const beginning = `var ${namespace} = `
  for (let start = printed.indexOf(beginning); start >= 0; start = printed.indexOf(beginning, start + 1)) {
    // Only what Rolldown prints is read on: the rest of a module may be long.
    if (NAMESPACE_VALUE.test(printed.slice(start + beginning.length, start + beginning.length + 40))) yield start
  }
}

/** It ends at the first `);` up to which it can be parsed: a name in it may contain one. */
function statementAt(printed: string, start: number, parse: Parse): Declaration | undefined {
  for (let end = printed.indexOf(STATEMENT_END, start); end >= 0; end = printed.indexOf(STATEMENT_END, end + 1)) {
    const text = printed.slice(start, end + STATEMENT_END.length)
    const parsed = firstStatement(text, parse)
    if (parsed) return { text, parsed }
  }
  return undefined
}

function gettersOf(statement: Statement): Array<[string, Expression]> | undefined {
  const call = initialCall(statement, '__export')
  const object = call?.arguments[0]
  if (object?.type !== 'ObjectExpression') return undefined
  const getters: Array<[string, Expression]> = []
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.value.type !== 'ArrowFunctionExpression') return undefined
    const { key, value } = property
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    if (name === undefined || !value.expression) return undefined
    getters.push([name, value.body as Expression])
  }
  return getters
}

function localName(value: Expression): string | undefined {
  const isConstant = value.type === 'Identifier' && ['undefined', 'NaN', 'Infinity'].includes(value.name)
  return value.type === 'Identifier' && !isConstant ? value.name : undefined
}

/** `var require_x = __commonJSMin()`, without its body, which may be long. */
function wrapperText(printed: string): string | undefined {
  const wrapper = printed.indexOf(' = /* @__PURE__ */ __commonJS')
  if (wrapper < 0) return undefined
  const start = printed.lastIndexOf('\n', wrapper) + 1
  return `${printed.slice(start, printed.indexOf('(', wrapper))}()`
}

function wrapperStatement(printed: string, parse: Parse): Statement | undefined {
  const text = wrapperText(printed)
  return text === undefined ? undefined : firstStatement(text, parse)
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
  if (/__commonJS|__esm/.test(printed) || printed.replace(COMMENTS, '') === '') return undefined
  return { module: { kind: 'esm', file, exports: {} }, kept: new Map() }
}

function isWrapped(printed: string): boolean {
  return printed.includes('= /* @__PURE__ */ __esm') || printed.includes('= __esm')
}

/** The name of `var init_x = __esmMin(() => …)`, unless it has to be waited for. */
function initializer(printed: string, parse: Parse): string | undefined {
  for (const statement of statements(printed, parse)) {
    const call = initialCall(statement, '__esm')
    if (!call) continue
    const [body] = call.arguments
    return body?.type === 'ArrowFunctionExpression' && !body.async ? declaredName(statement) : undefined
  }
  return undefined
}

/** The call that the variable of a statement is initialized with, if its function's name begins so. */
function initialCall(statement: Statement, callee: string): ESTree.CallExpression | undefined {
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined
  let value = statement.declarations[0]?.init
  while (value?.type === 'ParenthesizedExpression') value = value.expression
  if (value?.type !== 'CallExpression' || value.callee.type !== 'Identifier') return undefined
  return value.callee.name.startsWith(callee) ? value : undefined
}

function declaredName(statement: Statement): string | undefined {
  const declared = statement.type === 'VariableDeclaration' ? statement.declarations[0]?.id : undefined
  return declared?.type === 'Identifier' ? declared.name : undefined
}

function firstStatement(code: string, parse: Parse): Statement | undefined {
  return statements(code, parse)[0]
}

function statements(code: string, parse: Parse): Statement[] {
  try {
    return parse(code).body
  } catch {
    return []
  }
}
