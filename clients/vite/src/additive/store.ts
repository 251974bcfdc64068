import { type Stats, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Fallback, FallbackReason } from '../protocol.js'
import { hashOf } from './hash.js'
import { INDEX_FILE, type Layer, Manifest, entryFile, parseIndex } from './manifest.js'

/** Why what is there cannot be added to. */
export class Doubt implements Fallback {
  constructor(
    readonly reason: FallbackReason,
    readonly detail: string,
  ) {}

  /** A run has failed. What its error shows of the code, and the stack, the log of that run has. */
  static after({ message }: Error): Doubt {
    const [what = ''] = stripVTControlCharacters(message).split(/\n\s*(?:at |[╭│]|\d+ [│|])/)
    return new Doubt('other', `the run before failed: ${what.trim().replaceAll(/\s+/g, ' ')}`)
  }
}

/** A layer that Vite has not committed yet. */
export interface WrittenLayer {
  /** What it was added to. */
  base: Manifest
  layer: Layer
  hash: string
  /** The text of the index that has it. */
  index: string
  /** Its files as they were when their content had just been written. */
  stamps: Map<string, string>
}

/** What tells whether a file is still the one with this content. */
export function stampOf({ mtimeMs, size }: Stats, hash: string): string {
  return `${mtimeMs}:${size}:${hash}`
}

/**
 * Reads the manifest of the committed folder. What a run has written counts only once Vite has moved it there: a cancelled run
 * leaves no trace.
 */
export class Store {
  readonly #folder: string
  #committed: { index: string; manifest: Manifest } | undefined
  /** Whether Vite has begun with the cache that it has found, or with none: from then on only its own runs change the folder. */
  #isBegun = false
  /** What the latest run has written. */
  #written: WrittenLayer | undefined
  /** Files whose content is known to have its hash, and when they had been written. */
  readonly #compared = new Map<string, string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Vite has begun; `isWarm` tells whether with what was in the folder, which is given back. */
  begin(isWarm: boolean): Manifest | undefined {
    if (isWarm) this.read()
    else this.#committed = undefined
    this.#isBegun = true
    return this.#committed?.manifest
  }

  /** What has been committed, or why it cannot be used. */
  read(): Manifest | Doubt {
    const index = contentOf(join(this.#folder, INDEX_FILE))?.toString()
    if (index === undefined) return new Doubt('manifestMissing', `there is no ${INDEX_FILE} in ${this.#folder}`)
    if (this.#committed?.index !== index) {
      const manifest = this.#follows(index) ?? this.#found(index)
      if (manifest instanceof Doubt) return manifest
      this.#committed = { index, manifest }
    }
    const { manifest } = this.#committed
    return this.#wrongFile(manifest) ?? manifest
  }

  /** An entry of Vite's cache that no run which adds has written. */
  foreignEntry(manifest: Manifest, names: string[]): Doubt | undefined {
    const foreign = names.find((name) => !manifest.entries.has(name))
    return foreign === undefined ? undefined : new Doubt('manifestUnusable', `${entryFile(foreign)} is in no layer`)
  }

  /** The module for which a file imports something that is not bundled. */
  importerOf(id: string, file: string): string | undefined {
    const [, written] = this.#written?.layer.externals.find(([name]) => name === file) ?? []
    const importers = written ? new Map(written) : this.#committed?.manifest.externals.get(file)
    return importers?.get(id)
  }

  wrote(written: WrittenLayer): void {
    this.#written = written
  }

  /** The manifest of before and the layer that has been committed since. */
  #follows(index: string): Manifest | undefined {
    const written = this.#written
    if (written?.index !== index) return undefined
    this.#written = undefined
    for (const [file, stamp] of written.stamps) this.#compared.set(file, stamp)
    written.base.add(written.layer, written.hash)
    return written.base
  }

  /** After a restart, the server of before may commit once more: its files are not those that have been loaded since. */
  #found(index: string): Manifest | Doubt {
    const found = this.#load(index)
    if (!this.#isBegun || found instanceof Doubt) return found
    return new Doubt('manifestUnusable', `another server has written ${INDEX_FILE}`)
  }

  #load(text: string): Manifest | Doubt {
    try {
      const index = parseIndex(text)
      const manifest = new Manifest(index.stamp)
      for (const { file, hash } of index.layers) {
        const layer = readFileSync(join(this.#folder, file), 'utf8')
        if (hashOf(layer) !== hash) return new Doubt('manifestUnusable', `${file} is not what was written`)
        const described = JSON.parse(layer) as Layer
        const [again] = described.modules.find(([id]) => manifest.modules.has(id)) ?? []
        if (again !== undefined)
          return new Doubt('moduleClaimedTwice', `${again} is in ${file}, and in a layer before it`)
        manifest.add(described, hash)
      }
      return manifest
    } catch (error) {
      return new Doubt(
        'manifestUnusable',
        `${INDEX_FILE} cannot be used: ${error instanceof Error ? error.message : error}`,
      )
    }
  }

  #wrongFile(manifest: Manifest): Doubt | undefined {
    for (const [file, hash] of manifest.files) {
      if (hash === null) continue
      const path = join(this.#folder, file)
      const status = statSync(path, { throwIfNoEntry: false })
      if (!status) return new Doubt('fileMissing', `${file} is missing`)
      const written = stampOf(status, hash)
      if (this.#compared.get(file) === written) continue
      if (hashOf(readFileSync(path)) !== hash) return new Doubt('fileChanged', `${file} is not what was written`)
      this.#compared.set(file, written)
    }
    return undefined
  }
}

/** `undefined` where there is no such file. */
export function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
