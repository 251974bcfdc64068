/** Called with a module's namespace at its end, so that esbuild prints the namespace: it tells each export's local name. */
export const MARK = '__evenkeel_namespace__'

type Range = readonly [start: number, end: number]

/** The end of a lazy module: its mark, with its namespace and the function that runs it. */
const MARKED_END = new RegExp(
  `${MARK}\\("(?:[^"\\\\]|\\\\.)*", ([^ ,()]+), \\(\\) => \\(([^ ,()]+)\\(\\), .*\\);\\n {2}\\}\\n\\}\\);\\n`,
  'g',
)
const HEAD = /\(\{\n {2}"(?:[^"\\]|\\.)*"\(\) \{\n/y
const COMMON_JS = /^var [^ ]+ = __commonJS\d*\(\{\n {2}"(?:[^"\\]|\\.)*"\([^()]*\) \{\n/gm
const END = '\n  }\n});\n'
/** In a module that is lazy, it is an error of esbuild's: the file is printed anew, with modules that are not. */
const STAR = /^ *export \* from .*;$/gm

/**
 * The code of a file of lazy modules with nothing left but what tells how they can be reached, each part where it was: there is
 * little of it, and all the rest takes long to parse. `undefined` where something is not printed as expected.
 */
export function skeletonOf(code: string): string | undefined {
  const modules = lazyModules(code)
  if (!modules) return undefined
  const kept = [...modules, ...commonJsModules(code)]
  const head = headEnd(code)
  const tail = kept.reduce((latest, [, end]) => Math.max(latest, end), head)
  const stars = [...code.matchAll(STAR)].map(({ index, 0: star }): Range => [index, index + star.length])
  return only(code, [[0, head], ...kept, ...stars, [tail, code.length]])
}

/** Directives and imports come before the first module. */
function headEnd(code: string): number {
  const start = code.search(/^(?:\/\/ |var )/m)
  return start < 0 ? code.length : start
}

/** They are printed one after the other, each up to its mark. */
function lazyModules(code: string): Range[] | undefined {
  const ends = [...code.matchAll(MARKED_END)]
  const marks = code.split(`${MARK}(`).length - 1
  if (ends.length !== marks) return undefined
  const parts: Range[] = []
  let from = 0
  for (const { index, 0: end, 1: namespace = '', 2: init = '' } of ends) {
    const module = lazyModule(code, from, index, namespace, init)
    if (!module) return undefined
    from = index + end.length
    parts.push(...module, [index, from])
  }
  return parts
}

function lazyModule(code: string, from: number, mark: number, namespace: string, init: string): Range[] | undefined {
  const wrapper = `var ${init} = __esm`
  const start = code.lastIndexOf(`\n${wrapper}`, mark) + 1
  HEAD.lastIndex = start + wrapper.length
  const exports = exportsOf(code, from, start, namespace)
  if (start < from || start === 0 || !HEAD.test(code) || !exports) return undefined
  return [...exports, ...reExports(code, from, mark, namespace), [start, HEAD.lastIndex]]
}

/** `var x_exports = {};` and `__export(x_exports, {…});`; the latter is missing where nothing is exported. */
function exportsOf(code: string, from: number, to: number, namespace: string): Range[] | undefined {
  const declaration = `\nvar ${namespace} = {};\n`
  const start = code.indexOf(declaration, Math.max(from - 1, 0))
  if (start < 0 || start > to) return undefined
  const declared = start + declaration.length
  const end = code.startsWith(`__export(${namespace}, {\n`, declared) ? code.indexOf('\n});\n', declared) + 4 : declared
  return end > to || end < declared ? undefined : [[start + 1, end]]
}

function reExports(code: string, from: number, to: number, namespace: string): Range[] {
  // A search in the whole code would go on to its end, for each module.
  const module = code.slice(from, to)
  const call = `__reExport(${namespace}, `
  const calls: Range[] = []
  for (let at = module.indexOf(call); at >= 0; at = module.indexOf(call, at + 1))
    calls.push([from + at, code.indexOf('\n', from + at)])
  return calls
}

function commonJsModules(code: string): Range[] {
  const parts: Range[] = []
  let from = 0
  for (const { index, 0: head } of code.matchAll(COMMON_JS)) {
    const body = index + head.length
    const end = code.indexOf(END, body - 1)
    if (index < from || end < 0) continue
    from = end + END.length
    parts.push([index, body], [end, from])
  }
  return parts
}

/** Blanks what is in none of the ranges. */
function only(code: string, ranges: Range[]): string {
  let rest = ''
  for (const [start, end] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const from = Math.max(start, rest.length)
    if (end > from) rest += ' '.repeat(from - rest.length) + code.slice(from, end)
  }
  return rest + ' '.repeat(code.length - rest.length)
}
