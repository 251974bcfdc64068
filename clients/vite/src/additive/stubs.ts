import type { WrittenModule } from './manifest.js'

/** Stands for a written file in the code of a stub; resolved to that file, which is not bundled. */
export const FILE = 'evenkeel:file/'
/** Stands for the function that a CommonJS module is wrapped in. */
export const REQUIRE = 'evenkeel:require/'
/** What ends so is an ECMAScript module, whatever it stands for. */
export const MJS = '.mjs'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

type Reachable = Exclude<WrittenModule, { kind: 'opaque' }>
type EsmModule = Extract<WrittenModule, { kind: 'esm' }>

/** What a layer bundles for a module of an earlier one. It has the module's exports, and the module itself is where it is. */
export function stubOf(id: string, module: Reachable): string {
  if (module.kind === 'cjs') return `module.exports = require(${JSON.stringify(REQUIRE + id + MJS)}).r()\n`
  const stars = (module.stars ?? []).map((star) => starOf('external' in star ? star.external : star.module))
  return reexport(module, FILE + module.file) + stars.join('')
}

/** ESM between a CommonJS stub and the file: `require` itself cannot reach a file that is not bundled. */
export function requireOf(module: Extract<WrittenModule, { kind: 'cjs' }>): string {
  return `export { ${module.require} as r } from ${JSON.stringify(FILE + module.file)};\n`
}

/** An entry as Vite serves it: nothing but imports of the files that have the code. */
export interface Facade {
  code: string
  exports: string[]
}

/** The facade of a module, if all that it exports can be named without bundling. */
export function facadeOf(module: WrittenModule, version: string): Facade | undefined {
  if (module.kind === 'opaque') return undefined
  const url = `./${module.file}${version}`
  if (module.kind === 'cjs') {
    const code = `${prologueOf(module)}import { ${module.require} } from ${JSON.stringify(url)};\nexport default ${module.require}();\n`
    return { code, exports: ['default'] }
  }
  const stars: string[] = []
  for (const star of module.stars ?? []) {
    if ('module' in star) return undefined
    stars.push(starOf(star.external))
  }
  return {
    code: prologueOf(module) + reexport(module, url) + stars.join(''),
    exports: exportsOf(module),
  }
}

/** The names of a module's exports. */
export function exportsOf({ exports, snapshots = [] }: EsmModule): string[] {
  return [...Object.keys(exports), ...snapshots]
}

function reexport(module: EsmModule, from: string): string {
  const file = JSON.stringify(from)
  const init = module.init ? `import { ${module.init} } from ${file};\n${module.init}();\n` : ''
  const names = Object.entries(module.exports).map(([name, local]) => `${local} as ${exportName(name)}`)
  const exports = names.length > 0 ? `export { ${names.join(', ')} } from ${file};\n` : `import ${file};\nexport {};\n`
  return init + exports + snapshotsOf(module, file)
}

/** Directives such as `"use client"`: frameworks look for them in the file of the entry. */
function prologueOf({ directives = [] }: Reachable): string {
  return directives.map((directive) => `${JSON.stringify(directive)};\n`).join('')
}

function starOf(specifier: string): string {
  return `export * from ${JSON.stringify(specifier)};\n`
}

function snapshotsOf({ snapshots = [], namespace }: EsmModule, file: string): string {
  if (snapshots.length === 0) return ''
  const constants = snapshots.map((name, index) => `const s${index} = ${namespace}[${JSON.stringify(name)}];\n`)
  const names = snapshots.map((name, index) => `s${index} as ${exportName(name)}`)
  return `import { ${namespace} } from ${file};\n${constants.join('')}export { ${names.join(', ')} };\n`
}

/** A name as it is written in an export. */
export function exportName(name: string): string {
  return IDENTIFIER.test(name) ? name : JSON.stringify(name)
}
