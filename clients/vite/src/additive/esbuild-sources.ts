import { readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import type { Loader, PluginBuild } from 'esbuild'
import type { Parser } from './esbuild-extraction.js'
import { isModule, starExports } from './module-syntax.js'

/** What esbuild takes the files of each extension for. */
const LOADERS: Record<string, Loader> = {
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.json': 'json',
}

/** What the package.json files above a file say of it. */
interface Scope {
  isModule: boolean
  /** What browsers get in the place of files, whose extensions may be missing; `false` is for nothing. */
  replaced: Array<[file: string, by: unknown]>
}

/** The sources of one build: what they are to esbuild. */
export class Sources {
  /** Where esbuild works. */
  readonly root: string
  readonly #build: PluginBuild
  readonly #parser: Parser
  readonly #loaders: Record<string, Loader>
  readonly #scopes = new Map<string, Scope>()

  constructor(build: PluginBuild, parser: Parser) {
    this.root = build.initialOptions.absWorkingDir ?? process.cwd()
    this.#build = build
    this.#parser = parser
    this.#loaders = { ...LOADERS, ...build.initialOptions.loader }
  }

  loaderOf(path: string): Loader | undefined {
    return this.#loaders[extname(path)]
  }

  /** The code without JSX and types, which are nothing for the parsers. */
  async javaScript(code: string, loader: Loader): Promise<string> {
    if (loader === 'js') return code
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
    return (await this.#build.esbuild.transform(code, { loader, tsconfigRaw, logLevel: 'silent' })).code
  }

  /** Whether JavaScript is an ECMAScript module. */
  isModule(javaScript: string, path: string): boolean {
    return isModule(javaScript, this.#parser.parseAst) || this.#isModuleByType(path)
  }

  /** What a module re-exports as a whole. */
  starsOf(javaScript: string): string[] {
    return starExports(javaScript, this.#parser.parseAst)
  }

  /** Whether a `browser` field replaces files of the package. */
  hasReplacements(path: string): boolean {
    return this.#build.initialOptions.platform !== 'node' && this.#scopeOf(dirname(path)).replaced.length > 0
  }

  /** Whether a `browser` field replaces the file by nothing. A plugin that loads it is not told so. */
  isDisabled(path: string): boolean {
    if (this.#build.initialOptions.platform === 'node') return false
    return this.#scopeOf(dirname(path)).replaced.some(
      ([file, by]) =>
        by === false && (path === file || path.startsWith(`${file}.`) || path.startsWith(join(file, 'index.'))),
    )
  }

  #isModuleByType(path: string): boolean {
    const kind = /\.([cm])[jt]s$/.exec(path)?.[1]
    return kind === undefined ? this.#scopeOf(dirname(path)).isModule : kind === 'm'
  }

  #scopeOf(folder: string): Scope {
    let scope = this.#scopes.get(folder)
    if (!scope) {
      scope = this.#readScope(folder)
      this.#scopes.set(folder, scope)
    }
    return scope
  }

  #readScope(folder: string): Scope {
    const parent = dirname(folder)
    const above = (): Scope => (parent === folder ? { isModule: false, replaced: [] } : this.#scopeOf(parent))
    const manifest = manifestIn(folder)
    if (!manifest) return above()
    const { type, browser } = manifest
    const own = typeof browser === 'object' && browser ? Object.entries(browser) : undefined
    return {
      isModule: type === 'module',
      replaced: own?.map(([file, by]) => [resolve(folder, file), by]) ?? above().replaced,
    }
  }
}

function manifestIn(folder: string): { type?: unknown; browser?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch {
    return undefined
  }
}
