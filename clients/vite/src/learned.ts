import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { quoted } from './import-site.js'
import type { ResolvedOptions } from './options.js'
import type { ImportSite, LateDependency } from './protocol.js'
import type { Log } from './log.js'

/** Environment → dependency → the module that imported it, relative to the root; `null` when it is not known. */
type Remembered = Record<string, Record<string, string | null>>

const FILE = 'evenkeel.deps.json'

/**
 * Dependencies that were met late, remembered for the next start. Vite forgets them with its own cache, whenever the
 * lockfile changes.
 */
export class LearnedDeps {
  readonly #root: string
  /** The one in the cache, and the one that a team commits, if it wants one. */
  readonly #files: string[]
  readonly #log: Log
  /** Whether what is remembered could not be written everywhere: then it is here alone. */
  #isUnwritten = false
  /** Files that are not what they should be, and of which the log has told. */
  readonly #unusable = new Set<string>()
  #remembered: Remembered = {}

  constructor(root: string, cacheDir: string, learn: ResolvedOptions['learn'], log: Log) {
    this.#root = root
    this.#log = log
    this.#files = [join(cacheDir, FILE)]
    if (learn !== false) this.#files.push(resolve(root, learn === true ? FILE : learn))
    this.#readAll()
  }

  /** What to expect in an environment. What its importer no longer imports is forgotten first. */
  of(environment: string): Array<{ id: string; importer: string | undefined }> {
    for (const [id, importer] of Object.entries(this.#remembered[environment] ?? {})) {
      if (importer !== null && !this.#stillImports(importer, id)) this.forget(environment, id)
    }
    return Object.entries(this.#remembered[environment] ?? {}).map(([id, importer]) => ({
      id,
      importer: importer === null ? undefined : resolve(this.#root, importer),
    }))
  }

  add(environment: string, dependencies: LateDependency[]): void {
    const known = this.#remembered[environment] ?? {}
    const late = dependencies.filter(({ id }) => !(id in known))
    if (late.length === 0) return
    this.#readAll()
    const now = (this.#remembered[environment] ??= {})
    for (const { id, importer } of late) {
      if (!(id in now)) now[id] = importer ? this.#portable(importer) : null
    }
    this.#write()
  }

  forget(environment: string, id: string): void {
    if (!(id in (this.#remembered[environment] ?? {}))) return
    this.#readAll()
    delete this.#remembered[environment]?.[id]
    this.#write()
  }

  #stillImports(importer: string, id: string): boolean {
    try {
      return quoted(id).test(readFileSync(resolve(this.#root, importer), 'utf8'))
    } catch {
      return false
    }
  }

  /** Virtual modules have no file to be checked against, and an import that a plugin adds is not in the file. */
  #portable({ file, line }: ImportSite): string | null {
    if (!isAbsolute(file) || line === undefined) return null
    return relative(this.#root, file).split(sep).join('/')
  }

  /** Others write the files as well: a server of the same root, whoever pulls. What was in files that are gone is still known. */
  #readAll(): void {
    if (this.#isUnwritten) return
    const read = this.#files.map((file) => this.#read(file)).filter((one) => one !== undefined)
    if (read.length === 0) return
    this.#remembered = {}
    for (const one of read) merge(this.#remembered, one)
  }

  /** `undefined` if the file is not there, or is not what it should be. */
  #read(file: string): Remembered | undefined {
    try {
      const text = textOf(file)
      const read = text === undefined ? undefined : validate(JSON.parse(text))
      this.#unusable.delete(file)
      return read
    } catch (error) {
      if (this.#unusable.has(file)) return undefined
      this.#unusable.add(file)
      // It may quote the file, in several lines.
      const why = (error as Error).message.replaceAll(/\s+/g, ' ')
      this.#log.warn(`${file} is not used: ${why}. Correct it or delete it.`)
      return undefined
    }
  }

  #write(): void {
    const text = `${JSON.stringify(sorted(this.#remembered), undefined, 2)}\n`
    this.#isUnwritten = false
    for (const file of this.#files) {
      // What somebody has edited in a file that cannot be read would be lost if it was written.
      if (!this.#unusable.has(file)) this.#replace(file, text)
    }
  }

  /** Vite's watcher and other servers must never see half of a file, nor write the same half. */
  #replace(file: string, text: string): void {
    const half = `${file}.${process.pid}.new`
    try {
      if (textOf(file) === text) return
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(half, text)
      try {
        renameSync(half, file)
      } finally {
        rmSync(half, { force: true })
      }
    } catch (error) {
      this.#isUnwritten = true
      this.#log.warn(`late dependencies could not be remembered in ${file}: ${(error as Error).message}`)
    }
  }
}

/** `undefined` if the file is not there. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return undefined
  }
}

function merge(into: Remembered, from: Remembered): void {
  for (const [environment, dependencies] of Object.entries(from)) {
    into[environment] = { ...into[environment], ...dependencies }
  }
}

/** The same content gives the same text, so that a committed file changes only when it has to. */
function sorted(remembered: Remembered): Remembered {
  const byKey = <T>(entries: Array<[string, T]>) => entries.sort(([a], [b]) => (a < b ? -1 : 1))
  const inner = Object.entries(remembered).map(
    ([environment, dependencies]): [string, Record<string, string | null>] => [
      environment,
      Object.fromEntries(byKey(Object.entries(dependencies))),
    ],
  )
  return Object.fromEntries(byKey(inner))
}

function validate(json: unknown): Remembered {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(json)) throw new Error('it must hold an object of environments')
  for (const [environment, dependencies] of Object.entries(json)) {
    if (!isObject(dependencies)) throw new Error(`"${environment}" must hold an object of dependencies`)
    for (const [id, importer] of Object.entries(dependencies)) {
      if (importer !== null && typeof importer !== 'string')
        throw new Error(`the importer of "${id}" must be a file or null`)
    }
  }
  return json as Remembered
}
