import { type Stats, existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, win32 } from 'node:path'
import { hashOf } from './hash.js'
import type { Manifest, WrittenPackage } from './manifest.js'
import { normalizePath, packageOf } from './packages.js'
import { Doubt } from './store.js'

/** The installed packages: whether they still are those that were bundled. */
export class Installation {
  readonly #root: string
  readonly #mayLagBehind: (file: string) => boolean
  /** By file, and by what is known of it without reading it. */
  readonly #stamps = new Map<string, { written: string; stamp: string }>()

  constructor(root: string, mayLagBehind: (file: string) => boolean = () => false) {
    this.#root = root
    this.#mayLagBehind = mayLagBehind
  }

  /** Where the project finds a package. */
  find(name: string): string | null {
    return find(this.#root, name)
  }

  /** The package in this folder, as it is now. */
  package(folder: string): WrittenPackage {
    const found: WrittenPackage['found'] = {}
    for (const name of dependenciesOf(folder)) found[name] = find(folder, name)
    return { stamp: this.#stamp(folder), found }
  }

  /** Whether the package of a module depends on one of which something is bundled. */
  findsBundled(id: string, { packages }: Manifest): boolean {
    const owner = packageOf(id)
    if (!owner) return false
    const { found } = this.package(owner.folder)
    return Object.values(found).some((folder) => folder !== null && packages.has(folder))
  }

  /**
   * What tells whether a module's source has changed; `undefined` where it is no file, or one that may lag behind. Files of packages
   * are written when they are installed; all others may be written again and again as they were, by a tool that generates them.
   */
  source(id: string): string | undefined {
    const written = this.#mayLagBehind(id) ? undefined : sourceStamp(id)
    return written === undefined || packageOf(id) ? written : this.#stampOf(id, written, () => hashOf(readFileSync(id)))
  }

  /** What is not as it was when it was bundled: a package, or a file of one that was patched. */
  changed({ packages, sources }: Manifest): Doubt | undefined {
    for (const [folder, { stamp }] of packages) {
      if (this.#stamp(folder) !== stamp) return new Doubt('packageChanged', folder)
    }
    for (const [id, written] of sources) {
      // There are thousands, and nearly all are files of packages as they were.
      if (sourceStamp(id) !== written && this.source(id) !== written) return new Doubt('packageChanged', id)
    }
    return undefined
  }

  /** A package that would be found elsewhere than when it was bundled; only an installation can be the cause. */
  moved({ packages, found }: Manifest): Doubt | undefined {
    const all = [...packages].map(([folder, written]) => [folder, written.found] as const)
    for (const [folder, names] of [...all, [this.#root, Object.fromEntries(found)] as const]) {
      for (const [name, real] of Object.entries(names)) {
        if (find(folder, name) !== real) return new Doubt('packageChanged', `${folder} now finds another ${name}`)
      }
    }
    return undefined
  }

  /**
   * Where the source of an entry is now. pnpm gives a package another folder when a peer of it is updated; Vite goes on with the
   * folder of before.
   */
  sourceNow({ found }: Manifest, src: string): string {
    const owner = packageOf(src)
    const now = owner && found.get(owner.name) === owner.folder ? this.find(owner.name) : null
    if (!owner || !now) return src
    // On Windows, Rolldown is given backslashes.
    const moved = (src.startsWith(owner.folder) ? now : win32.normalize(now)) + src.slice(owner.folder.length)
    return existsSync(moved) ? moved : src
  }

  #stamp(folder: string): string {
    const file = join(folder, 'package.json')
    const status = statSync(file, { throwIfNoEntry: false })
    if (!status) return 'missing'
    // These tell a folder from any other as its real path does, for one system call. Hard links share files, but no folders.
    const { dev, ino } = statSync(folder)
    // What comes out of an archive has the time of its making, and often the size of before.
    const written = `${dev}:${ino}:${status.mtimeMs}:${status.ctimeMs}:${status.size}`
    return this.#stampOf(folder, written, () => hashOf(readFileSync(file, 'utf8') + realpathSync.native(folder)))
  }

  #stampOf(path: string, written: string, read: () => string): string {
    const known = this.#stamps.get(path)
    if (known?.written === written) return known.stamp
    const stamp = read()
    this.#stamps.set(path, { written, stamp })
    return stamp
  }
}

/** What is installed, as one run sees it: nothing is looked at twice. */
export class SeenInstallation {
  readonly #installation: Installation
  readonly #sources = new Map<string, string | undefined>()
  readonly #packages = new Map<string, WrittenPackage>()

  constructor(installation: Installation) {
    this.#installation = installation
  }

  find(name: string): string | null {
    return this.#installation.find(name)
  }

  source(id: string): string | undefined {
    if (!this.#sources.has(id)) this.#sources.set(id, this.#installation.source(id))
    return this.#sources.get(id)
  }

  package(folder: string): WrittenPackage {
    const written = this.#packages.get(folder) ?? this.#installation.package(folder)
    this.#packages.set(folder, written)
    return written
  }

  /** Looks at modules, and at packages that are not known yet, ahead of whoever asks; where that fails, it is for them to fail. */
  lookAt(ids: string[], { packages }: Pick<Manifest, 'packages'>): void {
    try {
      for (const id of ids) {
        const owner = packageOf(id)
        this.source(id)
        if (owner && !packages.has(owner.folder)) this.package(owner.folder)
      }
    } catch {
      return
    }
  }
}

/** When a module's source was written, and its size; `undefined` where it is no file. */
export function sourceStamp(id: string): string | undefined {
  const status = id.includes('\0') ? undefined : statusOf(id)
  return status && `${status.mtimeMs}:${status.size}`
}

/** An id that is none of a file may be longer than names can be. */
function statusOf(id: string): Stats | undefined {
  try {
    return statSync(id, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function dependenciesOf(folder: string): string[] {
  try {
    const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    )
    return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
  } catch {
    return []
  }
}

/** The real folder of a package, as `packageOf` calls it; looked for as Node does. */
export function find(folder: string, name: string): string | null {
  for (let parent = folder; ; parent = dirname(parent)) {
    const candidate = join(parent, 'node_modules', name)
    if (statSync(join(candidate, 'package.json'), { throwIfNoEntry: false }))
      return normalizePath(realpathSync.native(candidate))
    if (parent === dirname(parent)) return null
  }
}
