import type { Rolldown } from 'vite'
import { components } from './components.js'

export function chunksOf(bundle: Rolldown.OutputBundle): Rolldown.OutputChunk[] {
  return Object.values(bundle).filter((output) => output.type === 'chunk')
}

/** The name of a chunk's source map. Rolldown below 1.1 does not tell it. */
export function mapOf({ fileName, sourcemapFileName }: Rolldown.OutputChunk): string {
  return sourcemapFileName ?? `${fileName}.map`
}

/** Whether chunks import each other: they run in no order that all of them can rely on. */
export function importInCircles(bundle: Rolldown.OutputBundle): boolean {
  const imports = new Map(chunksOf(bundle).map((chunk) => [chunk.fileName, new Set(chunk.imports)]))
  return components(imports).some(({ length }) => length > 1)
}

/** Some chunks, and those of all that they import, in the order of all. */
export function neededBy(some: Rolldown.OutputChunk[], all: Rolldown.OutputChunk[]): Rolldown.OutputChunk[] {
  const named = new Map(all.map((chunk) => [chunk.fileName, chunk]))
  const needed = new Set(some)
  for (const { imports, dynamicImports } of needed) {
    for (const name of [...imports, ...dynamicImports]) {
      const chunk = named.get(name)
      if (chunk) needed.add(chunk)
    }
  }
  return all.filter((chunk) => needed.has(chunk))
}
