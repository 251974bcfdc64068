import type { ESTree } from 'vite'

/** Called with a module's namespace at its end, so that Rolldown prints the namespace: it tells each export's local name. */
export const MARK = '__evenkeel_namespace__'
const STATEMENT_END = ');'
/** How the value of a namespace begins. */
const NAMESPACE_VALUE = /^\(*(?:\/\* @__PURE__ \*\/ )?\(*__export/
const ARROW = '() => '

export type Parse = (code: string) => ESTree.Program
export type Statement = ESTree.Program['body'][number]
type Expression = ESTree.Expression

/** A module's namespace as it is printed: `var x_exports = /* @__PURE__ *\/ __exportAll({ name: () => local });`. */
export interface Namespace {
  name: string
  statement: string
  exports: Array<[name: string, value: Expression]>
}

/** What is printed of modules to tell how they can be reached, by their ids. */
export interface Declarations {
  namespaces: Map<string, Namespace>
  /** `var require_x = __commonJSMin()`, without its body, which may be long. */
  wrappers: Map<string, Statement>
}

/**
 * The declarations of all modules. They are parsed together, since a call of the parser takes longer than a declaration. One that is
 * not what it looks like is missing.
 */
export function declarationsIn(printed: Map<string, string>, parse: Parse): Declarations {
  const namespaces: Array<Found & { name: string; statement: string; arrows: number }> = []
  const wrappers: Found[] = []
  for (const [id, code] of printed) {
    const name = markedNamespace(code)
    const statement = name === undefined ? undefined : namespaceText(code, name)
    const wrapper = name === undefined ? wrapperText(code) : undefined
    const object = statement && objectOf(statement)
    if (name !== undefined && object) namespaces.push({ id, name, statement, ...withoutArrows(object) })
    if (wrapper !== undefined) wrappers.push({ id, text: wrapper })
  }
  const exportsOf = parsedTogether(namespaces, (texts) => elements(`[${texts.join(',')}]`, parse))
  const told = namespaces.flatMap(({ id, name, statement, arrows }): Array<[string, Namespace]> => {
    const exports = propertiesOf(exportsOf.get(id))
    return exports?.length === arrows ? [[id, { name, statement, exports }]] : []
  })
  const wrapperOf = parsedTogether(wrappers, (texts) => statements(`\n${texts.join('\n')}`, parse))
  return { namespaces: new Map(told), wrappers: wrapperOf }
}

/** The namespace that a module is marked with. */
export function markedNamespace(printed: string): string | undefined {
  const start = printed.lastIndexOf(`${MARK}(`)
  if (start < 0) return undefined
  return /^[^,)]*/.exec(printed.slice(start + MARK.length + 1))?.[0]
}

/** A namespace that is parsed by itself, because something in front of it or in it looks like its beginning or its end. */
export function namespaceIn(printed: string, name: string, parse: Parse): Namespace | undefined {
  for (const start of beginnings(printed, name)) {
    const found = statementAt(printed, start, parse)
    if (!found) continue
    const exports = gettersOf(found.parsed)
    return exports && { name, statement: found.statement, exports }
  }
  return undefined
}

/** `var require_x = __commonJSMin()`, wherever it is in a module. */
export function wrapperIn(printed: string, parse: Parse): Statement | undefined {
  const text = wrapperText(printed)
  return text === undefined ? undefined : statements(text, parse)[0]
}

/** The call that the variable of a statement is initialized with, if its function's name begins so. */
export function initialCall(statement: Statement, callee: string): ESTree.CallExpression | undefined {
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined
  let value = statement.declarations[0]?.init
  while (value?.type === 'ParenthesizedExpression') value = value.expression
  if (value?.type !== 'CallExpression' || value.callee.type !== 'Identifier') return undefined
  return value.callee.name.startsWith(callee) ? value : undefined
}

export function statements(code: string, parse: Parse): Statement[] {
  try {
    return parse(code).body
  } catch {
    return []
  }
}

interface Found {
  id: string
  text: string
}

/** What is read of many texts, which begin after one character and have one between them; if it cannot be, of each half by itself. */
function parsedTogether<T extends ESTree.Span>(found: Found[], read: (texts: string[]) => T[]): Map<string, T> {
  if (found.length === 0) return new Map()
  const parsed = read(found.map(({ text }) => text))
  let at = 1
  const told = found.flatMap(({ id, text }, index): Array<[string, T]> => {
    const node = parsed[index]
    const isWhole = node?.start === at && node.end === at + text.length
    at += text.length + 1
    return isWhole ? [[id, node]] : []
  })
  if (told.length === found.length) return new Map(told)
  if (found.length === 1) return new Map()
  const middle = found.length >> 1
  return new Map([...parsedTogether(found.slice(0, middle), read), ...parsedTogether(found.slice(middle), read)])
}

function elements(array: string, parse: Parse): Expression[] {
  const [statement] = statements(array, parse)
  const value = statement?.type === 'ExpressionStatement' ? statement.expression : undefined
  return value?.type === 'ArrayExpression' ? (value.elements as Expression[]) : []
}

function namespaceText(printed: string, name: string): string | undefined {
  const [start] = beginnings(printed, name)
  const end = start === undefined ? -1 : printed.indexOf(STATEMENT_END, start)
  return end < 0 ? undefined : printed.slice(start, end + STATEMENT_END.length)
}

/** Where the statement may begin. A comment may end in front of it, or have the same words. */
function* beginnings(printed: string, name: string): Generator<number> {
  const beginning = `var ${name} = `
  for (let start = printed.indexOf(beginning); start >= 0; start = printed.indexOf(beginning, start + 1)) {
    // Only what Rolldown prints is read on: the rest of a module may be long.
    if (NAMESPACE_VALUE.test(printed.slice(start + beginning.length, start + beginning.length + 40))) yield start
  }
}

/** It ends at the first `);` up to which it can be parsed: a name in it may contain one. */
function statementAt(printed: string, start: number, parse: Parse) {
  for (let end = printed.indexOf(STATEMENT_END, start); end >= 0; end = printed.indexOf(STATEMENT_END, end + 1)) {
    const statement = printed.slice(start, end + STATEMENT_END.length)
    const [parsed] = statements(statement, parse)
    if (parsed) return { statement, parsed }
  }
  return undefined
}

/** The object that a namespace is made of, where it is all that is handed to the function. */
function objectOf(statement: string): string | undefined {
  const start = statement.indexOf('({')
  return start >= 0 && statement.endsWith('});') ? statement.slice(start + 1, -STATEMENT_END.length) : undefined
}

/**
 * Getters without their arrows, which are most of what there is to parse, and how many there were. Where that is not the number of
 * properties, a name has an arrow in it.
 */
function withoutArrows(object: string): { text: string; arrows: number } {
  const text = object.replaceAll(ARROW, '')
  return { text, arrows: (object.length - text.length) / ARROW.length }
}

function propertiesOf(object: Expression | undefined): Namespace['exports'] | undefined {
  if (object?.type !== 'ObjectExpression') return undefined
  const values: Namespace['exports'] = []
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.kind !== 'init') return undefined
    const { key, value } = property
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    if (name === undefined) return undefined
    values.push([name, value as Expression])
  }
  return values
}

function gettersOf(statement: Statement): Namespace['exports'] | undefined {
  const getters = propertiesOf(initialCall(statement, '__export')?.arguments[0] as Expression | undefined)
  const values = getters?.flatMap(([name, getter]): Namespace['exports'] =>
    getter.type === 'ArrowFunctionExpression' && getter.expression ? [[name, getter.body as Expression]] : [],
  )
  return values?.length === getters?.length ? values : undefined
}

/** At the beginning of a line: a package may have a function of the same name. */
function wrapperText(printed: string): string | undefined {
  const [wrapper] = /^var \S+ = \/\* @__PURE__ \*\/ __commonJS\w*(?=\()/m.exec(printed) ?? []
  return wrapper && `${wrapper}()`
}
