import { readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Loader, PluginBuild } from 'esbuild'
import { type Parser, markedCommonJs } from './esbuild-extraction.js'
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
  '': 'js',
}

/** What the parsers do not see as the syntax of a module: it goes with the types, or is valid in functions as well. */
const HIDDEN_SYNTAX: Partial<Record<Loader, RegExp>> = {
  js: /\bawait\b/,
  jsx: /\bawait\b/,
  ts: /\b(?:await|export)\b/,
  tsx: /\b(?:await|export)\b/,
}
/** How esbuild ends what it has converted from CommonJS. */
const CONVERTED = /(?:^|\n)export default require_\w+\(\);\s*$/

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

  /** The longest extension counts that anything is known of. */
  loaderOf(path: string): Loader | undefined {
    const name = basename(path)
    if (!name.includes('.')) return this.#loaders['']
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const loader = this.#loaders[name.slice(dot)]
      if (loader) return loader
    }
    return undefined
  }

  /** The code without JSX and types, which are nothing for the parsers. */
  async javaScript(code: string, loader: Loader): Promise<string> {
    if (loader === 'js') return code
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
    return (await this.#build.esbuild.transform(code, { loader, tsconfigRaw, logLevel: 'silent' })).code
  }

  /** Whether esbuild takes code for an ECMAScript module; `javaScript` is the code without types. */
  async isModule(code: string, javaScript: string, loader: Loader, path: string): Promise<boolean> {
    if (isModule(javaScript, this.#parser.parseAst) || this.#isModuleByType(path)) return true
    return HIDDEN_SYNTAX[loader]?.test(code) === true && (await this.#hasGlobalModule(code, loader).catch(() => false))
  }

  /** Whether `module` would be a global in the code. esbuild alone knows all that makes it one. */
  async #hasGlobalModule(code: string, loader: Loader): Promise<boolean> {
    const options = { loader, format: 'esm', logLevel: 'silent' } as const
    return !CONVERTED.test((await this.#build.esbuild.transform(markedCommonJs(code), options)).code)
  }

  /** What a module re-exports as a whole. */
  starsOf(javaScript: string): string[] {
    return starExports(javaScript, this.#parser.parseAst)
  }

  /** Whether a `browser` field replaces files of the package. */
  hasReplacements(path: string): boolean {
    return this.#replacedIn(dirname(path)).length > 0
  }

  /** Whether a `browser` field replaces the file by nothing. A plugin that loads it is not told so. */
  isDisabled(path: string): boolean {
    return this.#replacedIn(dirname(path)).some(([file, by]) => by === false && path === file)
  }

  /** `browser` fields are for browsers alone, which esbuild bundles for if it is not told. */
  #replacedIn(folder: string): Scope['replaced'] {
    const { platform = 'browser' } = this.#build.initialOptions
    return platform === 'browser' ? this.#scopeOf(folder).replaced : []
  }

  #isModuleByType(path: string): boolean {
    const kind = /\.([cm])[jt]s$/.exec(path)?.[1]
    if (kind !== undefined) return kind === 'm'
    return /\.[jt]sx?$/.test(path) && this.#scopeOf(dirname(path)).isModule
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
