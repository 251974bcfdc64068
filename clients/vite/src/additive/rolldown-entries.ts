import type { WrittenModule } from './manifest.js'

/** Rolldown prints an entry's directives at the top of its file; here they are in the facade. */
export function withoutDirectives(code: string): string {
  return code.replace(/^(?:"use [^"]*";\s*?\n)+/, linesOf)
}

/**
 * The printed code of an entry that does not run it: the facade does. Others that import the file want a module of it, which
 * they run when they need it.
 */
export function withoutRun(code: string, { kind }: WrittenModule, wrapper: string | undefined): string {
  if (!wrapper) return code
  const run = kind === 'cjs' ? `\nexport default ${wrapper}();` : `\n${wrapper}();`
  const start = code.lastIndexOf(run)
  const after = code.slice(start + run.length)
  const isLast = start >= 0 && !/^(?!export |\s|$)/m.test(after)
  return isLast ? `${code.slice(0, start)}\n\n${after}` : code
}

/** Nothing but the ends of lines. */
function linesOf(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1)
}
