/** A misspelt choice must not pass for a measurement of the default. */
export function choice(env, name, choices) {
  const value = env[name] || choices[0]
  if (!choices.includes(value)) throw new Error(`${name}=${value}: expected ${choices.join(' | ')}`)
  return value
}
