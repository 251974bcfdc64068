// Packages that nobody has thought of: ECMAScript modules and CommonJS that import each other in every way there is. A seed gives
// the same ones each time.
import { randomFrom } from '../../soak/lib/random.mjs'

/** How an ECMAScript module uses another one: its import, and what it exports of it. */
const uses = {
  'a value, at once': ({ from, other, name }) => [`import { value_${other} as ${name} } from ${from}`, `export const at_once_${name} = 'seen: ' + ${name}`],
  'a base class': ({ from, other, name }) => [`import { Class_${other} as ${name} } from ${from}`, `export class Derived_${name} extends ${name} {}`],
  'a value, later': ({ from, other, name }) => [`import * as ${name} from ${from}`, `export const later_${name} = () => ${name}.value_${other}`],
  'a live binding': ({ from, other, name }) => [
    `import { count_${other} as ${name}, increment_${other} as increment_${name} } from ${from}`,
    `export const moved_${name} = () => { increment_${name}(); return typeof ${name} }`,
  ],
  'its names': ({ from, name }) => [`import * as ${name} from ${from}`, `export const names_${name} = () => Object.keys(${name}).filter((key) => key !== 'module.exports').sort()`],
  'its effects': ({ from }) => [`import ${from}`, ''],
  'all it exports': ({ from }) => [`export * from ${from}`, ''],
  'all of it, as one name': ({ from, name }) => [`export * as whole_${name} from ${from}`, ''],
  'its default': ({ from, name }) => [`import ${name} from ${from}`, `export const default_${name} = () => ${name}.is`],
  'its default, by a name': ({ from, name }) => [`export { default as renamed_${name} } from ${from}`, ''],
  'one name': ({ from, other, name }) => [`export { value_${other} as again_${name} } from ${from}`, ''],
  'its code, some day': ({ from, other, name }) => ['', `export const loaded_${name} = () => import(${from}).then((all) => all.value_${other})`],
}
/** Not where there are circles: what is needed at once would depend on who imports first, and a namespace would contain itself. */
const acyclic = ['a value, at once', 'a base class', 'all of it, as one name']
/** What is the default of CommonJS depends on who imports it, and stock Vite has more than one answer. */
const defaults = ['its default', 'its default, by a name']
/** In a circle, an importer of CommonJS has the names that had been exported when the importer ran. */
const whole = ['its names']

/** How CommonJS uses another module. */
const requires = {
  'a value, at once': ({ from, other, name }) => `const ${name} = require(${from}); own.at_once_${name} = 'seen: ' + ${name}.value_${other}`,
  'a value, later': ({ from, other, name }) => `const ${name} = require(${from}); own.later_${name} = () => ${name}.value_${other}`,
  'its code, if asked': ({ from, other, name }) => `own.asked_${name} = () => require(${from}).value_${other}`,
  'its code, some day': ({ from, name }) => `own.loaded_${name} = () => import(${from}).then((all) => typeof all)`,
}

/**
 * The files of some packages, by their paths in `node_modules`, and what of them an app imports late, in this order. `update(name)` gives
 * the files of a package's next version, whose modules may use others than before. Packages that are plain (`isPlain`) have no
 * CommonJS, and no module that is left out where nobody uses it.
 */
export function randomPackages(seed, { isPlain = false } = {}) {
  const random = randomFrom(seed)
  const chance = (percent) => random.below(100) < percent
  const packages = Array.from({ length: random.between(3, 8) }, (_, at) => ({
    name: chance(20) ? `@scope/p${at}` : `p${at}`,
    version: 1,
    type: chance(70) || isPlain ? 'module' : 'commonjs',
    modules: random.between(1, 4),
    aliases: {},
    ...(chance(30) && !isPlain && { sideEffects: false }),
  }))
  const modules = packages.flatMap((owner, at) => Array.from({ length: owner.modules }, (_, nth) => ({ owner, nth, id: `${at}_${nth}` })))
  const hasCircles = chance(50)

  /** How one module names another: by a path, by its package's name, or by an alias of its own package. */
  const specifier = (module, other) => {
    if (other.owner === module.owner) return `./m${other.nth}.js`
    if (!chance(20)) return publicName(other)
    module.owner.aliases[`#${other.id}`] = publicName(other)
    return `#${other.id}`
  }
  const usesOf = (module, at) => {
    const others = modules.filter((other, place) => place > at || (hasCircles && place < at && chance(15)))
    const used = new Set(Array.from({ length: others.length && random.between(0, 3) }, () => random.of(others)))
    return [...used].map((other, nth) => ({
      other: other.id,
      from: JSON.stringify(specifier(module, other)),
      name: `x${module.id}_${nth}`,
      isInCircle: hasCircles,
      isEsm: other.owner.type === 'module',
    }))
  }
  const write = { module: esm, commonjs: commonJs }
  const codeOf = (module, at) => [
    `${module.owner.name}/m${module.nth}.js`,
    write[module.owner.type](module, usesOf(module, at), random),
  ]
  const manifestOf = ({ name, version, type, aliases, sideEffects }) => [
    `${name}/package.json`,
    JSON.stringify({ name, version: `${version}.0.0`, type, main: 'm0.js', imports: aliases, sideEffects }),
  ]
  const files = Object.fromEntries([...modules.map(codeOf), ...packages.map(manifestOf)])
  const late = Array.from({ length: random.between(3, 6) }, () => publicName(random.of(modules)))
  const update = (name) => {
    const owner = packages.find((one) => one.name === name)
    owner.version++
    const written = modules.flatMap((module, at) => (module.owner === owner ? [codeOf(module, at)] : []))
    return Object.fromEntries([...written, manifestOf(owner)])
  }
  return { files, late: [...new Set(late)], names: packages.map(({ name }) => name), update }
}

const publicName = ({ owner, nth }) => (nth === 0 ? owner.name : `${owner.name}/m${nth}.js`)

function allowed(table, { isInCircle, isEsm }) {
  const ofCommonJs = isInCircle ? [...defaults, ...whole] : defaults
  const excluded = [...(isInCircle ? acyclic : []), ...(isEsm ? [] : ofCommonJs)]
  return Object.keys(table).filter((what) => !excluded.includes(what)).map((what) => table[what])
}

function esm({ id, owner: { version } }, used, random) {
  const [imports, exports] = [[], []]
  for (const use of used) {
    const [imported, exported] = random.of(allowed(uses, use))(use)
    imports.push(imported)
    exports.push(exported)
  }
  return `${imports.join('\n')}
globalThis.ran.push('${id}')
export const value_${id} = 'value of ${id}, version ${version}'
export class Class_${id} { is = '${id}' }
export let count_${id} = 0
export function increment_${id}() { count_${id}++ }
export default { is: '${id}' }
${exports.join('\n')}
`
}

function commonJs({ id, owner: { version } }, used, random) {
  const own = random.of(['exports', 'module.exports = function () {}', "Object.defineProperty(exports, '__esModule', { value: true })"])
  return `'use strict'
globalThis.ran.push('${id}, required')
const own = ${own}
own.value_${id} = 'value of ${id}, version ${version}'
own.Class_${id} = class { is = '${id}' }
own.count_${id} = 0
own.increment_${id} = () => {}
${used.map((use) => random.of(allowed(requires, use))(use)).join('\n')}
`
}
