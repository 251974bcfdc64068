import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { DevEnvironment, Rolldown } from 'vite'

type RolldownFunction = typeof Rolldown.rolldown
/** An entry as far as Vite looks at it. */
export type EntryChunk = Pick<
  Rolldown.OutputChunk,
  'type' | 'name' | 'fileName' | 'code' | 'exports' | 'imports' | 'isEntry' | 'isDynamicEntry'
>
/** By the folder that a build is writing to. What a build of another copy of Rolldown writes is not here. */
export type EntriesByFolder = Map<string, EntryChunk[]>

/** Whether Vite bundles dependencies with Rolldown, as 8 and later do; earlier ones do with esbuild, and may call hooks with no context. */
export function hasRolldown(context: { meta?: object } | undefined): boolean {
  return 'rolldownVersion' in (context?.meta ?? {})
}

/**
 * The Rolldown that the running Vite bundles with: its plugins work in no other copy. Vite exports no function for that; where Vite is
 * itself, its alias for `@vite/client` tells: the last one, after those of the user. Read in 8.0.0, 8.0.16, 8.1.5, 8.2.0, 8.3.8 and
 * 8.4.0: `clientAlias`.
 */
export async function rolldownOf({ config }: DevEnvironment): Promise<RolldownFunction> {
  const client = config.resolve.alias.findLast(
    ({ find, replacement }) => find instanceof RegExp && find.test('@vite/client') && replacement.startsWith('/@fs/'),
  )?.replacement
  if (client === undefined) throw new Error('Vite does not tell where it is')
  const path = client.slice(process.platform === 'win32' ? '/@fs/'.length : '/@fs'.length)
  const { rolldown } = await import(pathToFileURL(createRequire(path).resolve('rolldown')).href)
  return rolldown
}

const returned = new WeakMap<RolldownFunction, Promise<EntriesByFolder>>()

/**
 * Entries that builds are to return besides those that they write, because they are in their folder already: Vite knows the entries by
 * what a build returns, and to write a file again takes longer than to link it. A build that is writing has its folder among them;
 * where there are two copies of Vite, one may make the server, and the other an environment that bundles. Throws where builds are not as
 * expected. Read in Rolldown 1.0.0-rc.9, 1.0.0-rc.12, 1.0.3, 1.1.8, 1.2.19 and 1.3.3: `RolldownBuild.write`; and in Vite 8.0.0, 8.0.16,
 * 8.1.7, 8.2.6, 8.3.8 and 8.4.0: `prepareRolldownOptimizerRun`, `runOptimizeDeps`.
 */
export function entriesToReturn(rolldown: RolldownFunction): Promise<EntriesByFolder> {
  const known = returned.get(rolldown) ?? addToWrites(rolldown)
  returned.set(rolldown, known)
  return known
}

async function addToWrites(rolldown: RolldownFunction): Promise<EntriesByFolder> {
  const entries: EntriesByFolder = new Map()
  const build = await rolldown({ input: [] })
  const builds = Object.getPrototypeOf(build) as typeof build
  await build.close()
  const { write } = builds
  if (!Object.hasOwn(builds, 'write')) throw new Error('Builds of Rolldown have no method to write')
  builds.write = async function (this: typeof build, ...args) {
    const folder = args[0]?.dir
    if (folder === undefined) return write.apply(this, args)
    entries.set(folder, [])
    try {
      const result = await write.apply(this, args)
      const linked = entries.get(folder) ?? []
      if (linked.length > 0) replace(result, 'output', [...linked, ...result.output])
      return result
    } finally {
      entries.delete(folder)
    }
  }
  return entries
}

/** Rolldown computes some properties when they are read: they have no setter. */
function replace<T extends object, K extends keyof T>(target: T, name: K, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
}
