import type { Names, Property, WrittenModule } from './manifest.js'

/** Stands for a written file in the code of a stub; resolved to that file, which is not bundled. */
export const FILE = 'evenkeel:file/'
/** Stands for the function that a CommonJS module is wrapped in. */
export const REQUIRE = 'evenkeel:require/'
/** What ends so is an ECMAScript module, whatever it stands for. */
export const MJS = '.mjs'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

type Reachable = Exclude<WrittenModule, { kind: 'opaque' }>
type EsmModule = Extract<WrittenModule, { kind: 'esm' }>

/**
 * What a layer bundles for a module of an earlier one. It has the module's exports, and the module itself is where it is. `specifierOf`:
 * how a module is imported by its id.
 */
export function stubOf(id: string, module: Reachable, specifierOf = (id: string) => id): string {
  if (module.kind === 'cjs') return `module.exports = require(${JSON.stringify(REQUIRE + id + MJS)}).r()\n`
  const unused = (module.unused ?? []).map(([id, names]) => named(names, specifierOf(id)))
  const stars = (module.stars ?? []).map((star) =>
    starOf('external' in star ? star.external : specifierOf(star.module)),
  )
  return [reexport(module, (file) => FILE + file), ...unused, ...stars].join('')
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
  if (module.kind === 'opaque' || (module.kind === 'esm' && module.unused)) return undefined
  const urlOf = (file: string) => `./${file}${version}`
  if (module.kind === 'cjs') {
    const code = `${prologueOf(module.directives)}import { ${module.require} } from ${JSON.stringify(urlOf(module.file))};\nexport default ${module.require}();\n`
    return { code, exports: ['default'] }
  }
  const stars: string[] = []
  for (const star of module.stars ?? []) {
    if ('module' in star) return undefined
    stars.push(starOf(star.external))
  }
  return {
    code: prologueOf(module.directives) + reexport(module, urlOf) + stars.join(''),
    exports: exportsOf(module),
  }
}

/** The names of a module's exports. */
export function exportsOf({ exports, unused = [], properties = [] }: EsmModule): string[] {
  const names = [...exports, ...unused.map(([, names]) => names)]
  return [...names.flatMap((names) => Object.keys(names)), ...properties.map(({ exported }) => exported)]
}

function reexport({ files, exports, properties = [], init }: EsmModule, urlOf: UrlOf): string {
  const [own = ''] = files
  const run = init ? `import { ${init} } from ${JSON.stringify(urlOf(own))};\n${init}();\n` : ''
  const bundled = files.map((file, index) => named(exports[index] ?? {}, urlOf(file)))
  const code = bundled.join('') + propertiesOf(properties, (file) => urlOf(files[file] ?? ''))
  return run + (code.includes('export ') ? code : `${code}export {};\n`)
}

type UrlOf = (file: string) => string

/** A file without names is imported all the same: it runs the module. */
function named(exports: Names, from: string): string {
  const names = Object.entries(exports).map(([exported, name]) => {
    const as = exportName(exported)
    return name === as ? name : `${name} as ${as}`
  })
  return names.length > 0
    ? `export { ${names.join(', ')} } from ${JSON.stringify(from)};\n`
    : `import ${JSON.stringify(from)};\n`
}

/** Directives such as `"use client"`: frameworks look for them in the file of the entry. */
export function prologueOf(directives: string[] = []): string {
  return directives.map((directive) => `${JSON.stringify(directive)};\n`).join('')
}

function starOf(specifier: string): string {
  return `export * from ${JSON.stringify(specifier)};\n`
}

function propertiesOf(properties: Property[], urlOf: (file: number) => string): string {
  const objects = new Map<string, string>()
  const local = ({ file, name }: Property) => {
    const imported = `{ ${name} as p${objects.size} } from ${JSON.stringify(urlOf(file))}`
    const key = `${file} ${name}`
    if (!objects.has(key)) objects.set(key, imported)
    return `p${[...objects.keys()].indexOf(key)}`
  }
  const reads = properties.map(
    (property, index) => `const s${index} = ${local(property)}[${JSON.stringify(property.property)}];\n`,
  )
  if (reads.length === 0) return ''
  const imports = [...objects.values()].map((imported) => `import ${imported};\n`)
  const names = properties.map(({ exported }, index) => `s${index} as ${exportName(exported)}`)
  return `${[...imports, ...reads].join('')}export { ${names.join(', ')} };\n`
}

/** A name as it is written in an export. */
export function exportName(name: string): string {
  return IDENTIFIER.test(name) ? name : JSON.stringify(name)
}
