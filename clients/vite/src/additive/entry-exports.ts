import { readFileSync } from 'node:fs'
import { initSync, parse as lex } from 'es-module-lexer'
import type { DepOptimizationMetadata, OptimizedDepInfo } from 'vite'
import { giveExports } from '../vite-internals/additive.js'
import { sourceStamp } from './installation.js'

type ExportsData = Awaited<NonNullable<OptimizedDepInfo['exportsData']>>

/**
 * What the sources of entries export. Vite reads all of them in each run, which takes longer than a layer does once there are some
 * hundred; here each is read once for as long as nobody writes it.
 */
export class EntryExports {
  /** `optimizeDeps.extensions`: of files that end so, Vite compiles the source to know. */
  readonly #compiled: readonly string[]
  readonly #known = new Map<string, { written: string; exports: ExportsData | undefined }>()

  constructor(compiled: readonly string[] = []) {
    this.#compiled = compiled
  }

  /** For the runs that begin with this metadata. */
  give({ optimized }: DepOptimizationMetadata): void {
    for (const dep of Object.values(optimized)) {
      const { src } = dep
      if (src && !this.#compiled.some((ending) => src.endsWith(ending))) giveExports(dep, () => this.#of(src))
    }
  }

  #of(src: string): ExportsData | undefined {
    const written = sourceStamp(src)
    if (written === undefined) return undefined
    const known = this.#known.get(src)
    if (known?.written === written) return known.exports
    const exports = read(src)
    this.#known.set(src, { written, exports })
    return exports
  }
}

/** What Vite would find out; what is no JavaScript is left to it. */
function read(src: string): ExportsData | undefined {
  initSync()
  try {
    const [, exports, , hasModuleSyntax] = lex(readFileSync(src, 'utf8'))
    return { hasModuleSyntax, exports: exports.map(({ n }) => n as string) }
  } catch {
    return undefined
  }
}
