import type { ESTree } from 'vite'
import { usesOfNamespaces } from './esbuild-namespaces.js'
import { MARK, skeletonOf } from './esbuild-skeleton.js'
import { type Names, PREFIX, type Property, type WrittenModule } from './manifest.js'
import { exportName } from './stubs.js'

/** The parser of the Vite that runs. */
export type Parser = Pick<typeof import('vite'), 'parseAst' | 'parseAstAsync'>
type Node = ESTree.Program['body'][number]
type Expression = ESTree.Expression
type Range = Pick<Node, 'start' | 'end'>

/**
 * The code of a module with its namespace marked by its id; `specifier` is how it imports itself, `exports` is what it re-exports besides.
 * A lazy module, which its importers run, is one that somebody could require.
 */
export function marked(code: string, id: string, specifier: string, isLazy: boolean, exports: Exports = []): string {
  const self = JSON.stringify(specifier)
  const required = isLazy ? `, () => require(${self})` : ''
  const reexports = [...exports].map(([name, from]) => `export { ${exportName(name)} } from ${JSON.stringify(from)};`)
  return `${code}\n;${reexports.join('')}import * as ${MARK}self from ${self};${MARK}(${JSON.stringify(id)}, ${MARK}self${required});`
}

/** Names, each with the module that it comes from. */
export type Exports = Iterable<[name: string, from: string]>

const COMMON_JS = ';module.exports;'

/** What neither imports nor exports would be printed without a wrapper, and run by whoever loads the file. */
export function markedCommonJs(code: string): string {
  return `${code}\n${COMMON_JS}`
}

/** A source map without the marks of its sources. */
export function unmarkedMap(map: string): string {
  return map
    .replaceAll(`\\n${COMMON_JS}"`, '"')
    .replaceAll(
      new RegExp(
        `\\\\n;(?:export \\{[^\\n]*?;)?import \\* as ${MARK}self from \\\\"[^"\\n]*\\\\";${MARK}\\([^\\n]*?\\);(?=")`,
        'g',
      ),
      '',
    )
}

/** A statement that makes a namespace, with what it says of the exports. */
interface Namespace {
  statements: Range[]
  getters: Array<[string, Expression]> | undefined
}

/** A module's namespace, and the name of the function that runs the module where its file does not. */
interface Marked {
  namespace: string | undefined
  init?: string
  isAsync?: boolean
}

/** A file that esbuild has printed: where its modules are in it, and how they can be reached from another file. */
export class PrintedFile {
  readonly #code: string
  readonly #body: Node[]
  readonly #namespaces = new Map<string, Namespace>()
  readonly #starred = new Set<string>()
  readonly #marked = new Map<string, Marked[]>()
  /** The functions that CommonJS modules are wrapped in, by the path that esbuild prints. */
  readonly #wrappers = new Map<string, string[]>()
  readonly #cuts: Range[] = []
  readonly #kept = new Map<string, string>()

  static async parse(code: string, isLazy: boolean, { parseAstAsync }: Parser): Promise<PrintedFile> {
    const skeleton = isLazy ? skeletonOf(code) : undefined
    const program = skeleton === undefined ? undefined : await parseAstAsync(skeleton).catch(() => undefined)
    return new PrintedFile(code, (program ?? (await parseAstAsync(code))).body)
  }

  /** A file that is newer than the parser works. What it holds cannot be reached from others. */
  static opaque(code: string): PrintedFile {
    return new PrintedFile(code, [])
  }

  private constructor(code: string, body: Node[]) {
    this.#code = code
    this.#body = body
    // Directives of an entry are in its facade.
    this.#cuts.push(...body.filter((node) => node.type === 'ExpressionStatement' && node.directive))
    for (const statement of body) this.#read(statement)
  }

  /** How a module can be reached; `path` is what esbuild calls it. */
  module(id: string, path: string, file: string): WrittenModule {
    const opaque = (why: string): WrittenModule => ({ kind: 'opaque', file, why })
    const [wrapper, ...others] = this.#wrappers.get(path) ?? []
    if (wrapper)
      return others.length > 0 ? opaque('it is wrapped twice') : { kind: 'cjs', file, require: this.#keep(wrapper) }
    const [found, ...more] = this.#marked.get(id) ?? []
    if (!found || more.length > 0) return opaque('neither ESM nor CommonJS')
    const { namespace, init, isAsync } = found
    const getters = namespace === undefined ? undefined : this.#namespaces.get(namespace)?.getters
    if (!namespace || !getters) return opaque(`the namespace ${namespace} is not printed as expected`)
    if (isAsync) return opaque('it runs when it is needed, and has to be waited for')
    const exports: Names = {}
    const properties: Property[] = []
    for (const [name, value] of getters) {
      if (name === '__proto__') return opaque('an object cannot have what it exports')
      if (isVariable(value)) exports[name] = this.#keep(value.name)
      else properties.push({ exported: name, file: 0, name: this.#keep(namespace), property: name })
    }
    const module: WrittenModule = { kind: 'esm', files: [file], exports: [exports] }
    if (properties.length > 0) module.properties = properties
    if (init) module.init = this.#keep(init)
    return module
  }

  /** Whether a module re-exports what only its run tells. */
  hasStars(id: string): boolean {
    return (this.#marked.get(id) ?? []).some(({ namespace }) => namespace !== undefined && this.#starred.has(namespace))
  }

  /** What the file itself re-exports as a whole. */
  get stars(): string[] {
    return this.#body.flatMap((node) =>
      node.type === 'ExportAllDeclaration' && !node.exported ? node.source.value : [],
    )
  }

  /**
   * The file of an entry does not run it, nor tells what the run has made of its exports: the facade does. Others that import the
   * file want a module of it, which they run when they need it.
   */
  withoutRun(entry: WrittenModule): void {
    const wrapper = entry.kind === 'cjs' ? entry.require : entry.kind === 'esm' ? entry.init : undefined
    const start = this.#body.findLastIndex(
      (node) => wrapper !== undefined && calledAlone(node) === wrapper.slice(PREFIX.length),
    )
    if (start >= 0) this.#cuts.push(...this.#body.slice(start))
  }

  /** The code without marks, in the same lines, and with all that later layers need. */
  toString(): string {
    const cuts = [...this.#cuts, ...this.#needlessNamespaces()]
    const code = withMark(blanked(this.#code, cuts))
    const exports = [...this.#kept].map(([local, name]) => `${local} as ${name}`)
    return exports.length > 0 ? `${code}\nexport { ${exports.join(', ')} };\n` : code
  }

  /** Namespaces that were printed for the marks alone. */
  #needlessNamespaces(): Range[] {
    const used = usesOfNamespaces(blanked(this.#code, this.#cuts))
    return [...this.#marked.values()].flat().flatMap(({ namespace = '' }) => {
      const { statements = [] } = this.#namespaces.get(namespace) ?? {}
      return statements.length === 2 && used.get(namespace) === 2 && !this.#kept.has(namespace) ? statements : []
    })
  }

  #keep(local: string): string {
    const name = PREFIX + local
    this.#kept.set(local, name)
    return name
  }

  #read(statement: Node): void {
    const namespace = emptyObject(statement)
    if (namespace) this.#namespaces.set(namespace, { statements: [statement], getters: [] })
    const wrapped = wrapper(statement)
    if (!wrapped) return this.#readCall(statement)
    const { name, kind, path, body, isAsync } = wrapped
    if (kind === '__commonJS') this.#wrappers.set(path, [...(this.#wrappers.get(path) ?? []), name])
    for (const inner of body) this.#readCall(inner, { init: name, isAsync })
  }

  #readCall(statement: Node, run?: Pick<Marked, 'init' | 'isAsync'>): void {
    const call = callOf(statement)
    if (call?.callee.type !== 'Identifier') return
    const { callee, arguments: given } = call
    const [first, second] = given
    if (callee.name === MARK && first?.type === 'Literal') {
      const id = String(first.value)
      const namespace = second?.type === 'Identifier' ? second.name : undefined
      this.#marked.set(id, [...(this.#marked.get(id) ?? []), { namespace, ...run }])
      this.#cuts.push(statement)
    }
    if (first?.type !== 'Identifier') return
    if (callee.name.startsWith('__reExport')) this.#starred.add(first.name)
    if (callee.name.startsWith('__export')) this.#readNamespace(first.name, statement, second)
  }

  #readNamespace(name: string, statement: Node, object: ESTree.Argument | undefined): void {
    const { statements = [] } = this.#namespaces.get(name) ?? {}
    const isSecond = statements.length > 1
    this.#namespaces.set(name, {
      statements: [...statements, statement],
      getters: isSecond ? undefined : gettersOf(object),
    })
  }
}

/** Marks that were not found are called. */
function withMark(code: string): string {
  return code.includes(`${MARK}(`) ? `${code}\nfunction ${MARK}() {}\n` : code
}

/** Takes parts out of code; no line is moved. */
function blanked(code: string, cuts: Range[]): string {
  let rest = ''
  let at = 0
  for (const { start, end } of cuts.toSorted((one, other) => one.start - other.start)) {
    rest += code.slice(at, start) + code.slice(start, end).replaceAll(/[^\n]/g, '')
    at = end
  }
  return rest + code.slice(at)
}

function gettersOf(object: ESTree.Argument | undefined): Array<[string, Expression]> | undefined {
  if (object?.type !== 'ObjectExpression') return undefined
  const getters: Array<[string, Expression]> = []
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.value.type !== 'ArrowFunctionExpression') return undefined
    const name = keyOf(property)
    const { expression, body } = property.value
    if (name === undefined || !expression) return undefined
    getters.push([name, body as Expression])
  }
  return getters
}

function keyOf({ key, computed }: ESTree.ObjectProperty): string | undefined {
  if (key.type === 'Identifier' && !computed) return key.name
  return key.type === 'Literal' ? String(key.value) : undefined
}

function isVariable(value: Expression): value is Expression & { type: 'Identifier'; name: string } {
  return value.type === 'Identifier' && !['undefined', 'NaN', 'Infinity'].includes(value.name)
}

/** `var require_x = __commonJS({ "path"(exports, module) {…} })` and `var init_x = __esm({ "path"() {…} })`. */
function wrapper(statement: Node) {
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined
  const [declared] = statement.declarations
  if (declared?.id.type !== 'Identifier' || declared.init?.type !== 'CallExpression') return undefined
  const { callee, arguments: given } = declared.init
  const kind = callee.type === 'Identifier' ? /^(?:__commonJS|__esm)(?=\d*$)/.exec(callee.name)?.[0] : undefined
  const [object] = given
  if (!kind || object?.type !== 'ObjectExpression' || object.properties.length !== 1) return undefined
  const [property] = object.properties
  if (property?.type !== 'Property' || property.value.type !== 'FunctionExpression') return undefined
  const path = keyOf(property)
  const { async: isAsync, body } = property.value
  return path === undefined || !body
    ? undefined
    : { name: declared.id.name, kind, path, body: body.body as Node[], isAsync }
}

/** The name of `var x_exports = {}`. */
function emptyObject(statement: Node): string | undefined {
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined
  const [declared] = statement.declarations
  const isEmpty = declared?.init?.type === 'ObjectExpression' && declared.init.properties.length === 0
  return isEmpty && declared.id.type === 'Identifier' ? declared.id.name : undefined
}

function callOf(statement: Node): ESTree.CallExpression | undefined {
  return statement.type === 'ExpressionStatement' && statement.expression.type === 'CallExpression'
    ? statement.expression
    : undefined
}

/** The function of `f()` and of `export default f()`. */
function calledAlone(statement: Node): string | undefined {
  const call = statement.type === 'ExportDefaultDeclaration' ? statement.declaration : callOf(statement)
  if (call?.type !== 'CallExpression' || call.arguments.length > 0) return undefined
  return call.callee.type === 'Identifier' ? call.callee.name : undefined
}
