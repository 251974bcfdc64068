/**
 * Everything that a namespace has, called and constructed; but for what stock's entries also export because other entries of the bundle
 * need it, under names of one or two letters.
 */
export async function shown(all) {
  const names = Object.keys(all).filter((name) => name !== 'module.exports' && name.length > 2).sort()
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await shownValue(all[name])])))
}

async function shownValue(value) {
  if (typeof value === 'object' && value) return shown(value)
  if (typeof value !== 'function') return value
  return String(value).startsWith('class') ? { constructs: { ...new value() } } : { returns: await value(), ...(await shown(value)) }
}
