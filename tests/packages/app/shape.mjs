// What an importer can tell of a module, without calling anything of it.

/** Each export with its kind, and what lies below the default export. */
export function shapeOf(namespace) {
  const shape = {}
  for (const name of Object.keys(namespace).sort()) shape[name] = kindOf(() => namespace[name])
  const whole = namespace.default
  if (isObject(whole)) {
    for (const name of Object.keys(whole).sort()) shape[`default.${name}`] = kindOf(() => whole[name])
  }
  for (const name of ['__esModule', Symbol.toStringTag]) {
    if (name in namespace) shape[String(name)] = kindOf(() => namespace[name])
  }
  return shape
}

export const told = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`)

const isObject = (value) => value !== null && ['object', 'function'].includes(typeof value)

function kindOf(read) {
  try {
    const value = read()
    if (value === null) return 'null'
    if (typeof value === 'function') return `function/${value.length}`
    return typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value
  } catch (error) {
    return `throws ${told(error)}`
  }
}
