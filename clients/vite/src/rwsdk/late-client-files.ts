import type { DevEnvironment, Plugin } from 'vite'
import { packageOf } from '../additive/packages.js'
import { ID_PREFIX, withoutQuery } from '../module-ids.js'
import { viteBeside } from '../vite-beside.js'

/** RedwoodSDK's module with a function for each `"use client"` file that loads it. Read in rwsdk 1.7.3. */
const LOOKUP = 'virtual:use-client-lookup.js'
/** How it takes a package's file out of RedwoodSDK's list of them, an optimized dependency. */
const FROM_LIST = /m\.default\["([^"]+)"\]/g

/** A module with the namespace of a file that the list does not have; with an ending that Vite takes for JavaScript's. */
const LATE = 'virtual:evenkeel-late-client-file:'
const fileOf = (id: string) => id.slice(LATE.length, -'.js'.length)

/** RedwoodSDK's list of the client components of packages. */
export function isListOfClientFiles(file: string): boolean {
  return /[\\/]rwsdk-[^\\/]+[\\/]vendor-client-barrel\.js$/.test(file)
}

/**
 * Loads the client components of packages that came after the start. RedwoodSDK adds them to a list that is bundled already, and a page
 * has read the list as it was: here each is a dependency of its own, which a page can ask for at any time.
 */
export function lateClientFiles(borrowedPrefix: string): Plugin {
  return {
    name: 'evenkeel:rwsdk-late-client-files',
    apply: 'serve',
    enforce: 'pre',
    resolveId: {
      filter: { id: new RegExp(`^${LATE}`) },
      handler: (id) => id,
    },
    load: {
      filter: { id: new RegExp(`^${LATE}`) },
      async handler(id) {
        const environment = this.environment as DevEnvironment
        const file = fileOf(id)
        if (!(await isInLookup(environment, file))) throw new Error(`RedwoodSDK knows no client component ${file}`)
        const resolved = await this.resolve(file)
        if (!resolved) throw new Error(`${file} is not there any more`)
        const dependency = await optimize(environment, withoutQuery(resolved.id))
        return `import * as namespace from ${JSON.stringify(dependency)}\nexport { namespace }`
      },
    },
    transform: {
      filter: { id: new RegExp(`^${LOOKUP}$`) },
      handler(code) {
        const { name, config } = this.environment
        const isPage = name === 'client'
        // The modules of `ssr` run where they are borrowed.
        const url = isPage ? config.base + ID_PREFIX.slice(1) : ID_PREFIX + borrowedPrefix
        const late = code.replace(FROM_LIST, (listed, file) => `${listed} ?? late(${JSON.stringify(file)})`)
        return { code: late + loaderOf(url + LATE) + (isPage ? UNLISTED : ''), map: null }
      },
    },
  }
}

/** No import that Vite sees: all late files would be taken for dependencies that the lookup needs. */
function loaderOf(url: string): string {
  return `
function late(file) {
  return import(/* @vite-ignore */ ${JSON.stringify(url)} + file + '.js').then(({ namespace }) => namespace)
}
`
}

/** A page keeps the lookup that it has loaded, which does not know what came after. */
const UNLISTED = `
const isLate = (file) => typeof file === 'string' && file.includes('/node_modules/')
Object.setPrototypeOf(
  useClientLookup,
  new Proxy({}, { get: (_, file) => (isLate(file) ? () => late(file) : undefined) }),
)
`

/** Whoever can reach the server can ask for a late file: no other file is one. */
async function isInLookup({ pluginContainer }: DevEnvironment, file: string): Promise<boolean> {
  const lookup = await pluginContainer.load(LOOKUP)
  const code = lookup && typeof lookup === 'object' ? lookup.code : (lookup ?? '')
  return [...code.matchAll(FROM_LIST)].some(([, listed]) => listed === file)
}

/** A file as a dependency of the optimizer, by the name it has for others. */
async function optimize(environment: DevEnvironment, file: string): Promise<string> {
  const optimizer = environment.depsOptimizer
  if (!optimizer) return file
  const info = optimizer.registerMissingImport(await dependencyId(environment, file), file)
  return optimizer.getOptimizedDepId(info)
}

async function dependencyId(environment: DevEnvironment, file: string): Promise<string> {
  const name = packageOf(file)?.name
  const vite = await viteBeside()
  const main = name && (await vite?.createIdResolver(environment.getTopLevelConfig())(environment, name))
  return main && withoutQuery(main) === file ? name : file
}
