import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { DepOptimizationMetadata, DevEnvironment } from 'vite'
import type { Runs } from '../additive/runs.js'
import type { LearnedDeps } from '../learned.js'
import type { DiscoveredDep, EnvironmentSnapshot, Notifications, OptimizedDep } from '../protocol.js'
import type { Sidecar } from '../sidecar.js'
import { type DepsOptimizer, onDiscovery, onMetadata } from '../vite-internals/optimizer.js'
import { Importers } from './importers.js'

/** A run of the optimizer that takes longer does not keep a restart waiting. */
const RUN_MS = 5_000

/** Reports what an environment's optimizer discovers and commits. */
export class OptimizerReports {
  readonly #environment: DevEnvironment
  readonly #optimizer: DepsOptimizer
  readonly #sidecar: Sidecar
  readonly #learned: LearnedDeps
  /** Where the optimizer adds. */
  readonly #runs: Runs | undefined
  readonly #importers = new Importers()
  /** Ids that are being resolved because an earlier session has met them. */
  readonly #recalling = new Set<string>()
  /** Whether Vite has found no cache and its first optimizer run is still to come. */
  #cold = false
  #isClosed = false

  /** `onBegin` is called when the metadata has been read, so that the environment can be opened with it. */
  constructor(
    environment: DevEnvironment,
    optimizer: DepsOptimizer,
    sidecar: Sidecar,
    learned: LearnedDeps,
    runs: Runs | undefined,
    onBegin: () => void,
  ) {
    this.#environment = environment
    this.#optimizer = optimizer
    this.#sidecar = sidecar
    this.#learned = learned
    this.#runs = runs
    onMetadata(optimizer, {
      begun: (metadata) => this.#begin(metadata, onBegin),
      committed: (next, previous) => this.#reportCommit(previous, next),
      failed: () => this.#reportFailure(),
    })
    onDiscovery(optimizer, (id) => this.#reportDiscovery(id))
  }

  snapshot(): NonNullable<EnvironmentSnapshot['optimizer']> {
    const { metadata } = this.#optimizer
    return {
      cold: this.#cold,
      adds: this.#runs !== undefined,
      browserHash: metadata.browserHash,
      optimized: entries(metadata.optimized),
      discovered: Object.keys(metadata.discovered).map((id) => this.#discoveredDep(id)),
    }
  }

  /**
   * The server is closed: its optimizer runs no more, and nobody is to wait for what it still discovers. Since Vite 8.4 that is what
   * becomes of the next server when a restart fails, and a runner that has joined it goes on asking it for modules.
   */
  close(): void {
    this.#isClosed = true
  }

  /** A module imports a bare id; asked before Vite resolves it. */
  sawImport(id: string, importer: string): void {
    if (!(id in this.#optimizer.metadata.optimized)) this.#importers.saw(id, importer)
  }

  /** Resolves when no run is going on, or has been for too long. */
  async idle(): Promise<void> {
    const late = pause(RUN_MS, undefined, { ref: false })
    for (let isLate = false; !isLate;) {
      const runs = Object.values(this.#optimizer.metadata.discovered).flatMap(({ processing }) => processing ?? [])
      if (runs.length === 0) return
      isLate = await Promise.race([Promise.all(runs).then(() => false), late.then(() => true)])
    }
  }

  #discoveredDep(id: string): DiscoveredDep {
    const importer = this.#importers.siteOf(id)
    return importer ? { id, importer } : { id }
  }

  #begin(metadata: DepOptimizationMetadata, onBegin: () => void): void {
    const { name, config } = this.#environment
    const folder = `deps${name === 'client' ? '' : `_${name}`}`
    this.#cold =
      Object.keys(metadata.optimized).length === 0 && !existsSync(join(config.cacheDir, folder, '_metadata.json'))
    onBegin()
    if (this.#cold) void this.#recall()
  }

  /**
   * Lets Vite resolve what earlier sessions met late, as if it were imported now: it joins the first optimizer run.
   * An entry in `optimizeDeps.include` would change the hash of the config, and with it throw away the cache of every
   * start after one that has learned something.
   */
  async #recall(): Promise<void> {
    const { name, pluginContainer } = this.#environment
    const resolving = this.#learned.of(name).map(async ({ id, importer }) => {
      this.#recalling.add(id)
      const resolved = await pluginContainer.resolveId(id, importer).catch(() => null)
      this.#recalling.delete(id)
      if (!resolved) this.#learned.forget(name, id)
    })
    await Promise.all(resolving)
  }

  #reportCommit(previous: DepOptimizationMetadata, next: DepOptimizationMetadata): void {
    this.#cold = false
    const before = new Map(entries(previous.optimized).map((dep) => [dep.id, dep]))
    const changed = entries(next.optimized).filter(({ id, file, browserHash }) => {
      const old = before.get(id)
      return old?.file !== file || old.browserHash !== browserHash
    })
    const bundled = this.#runs?.take()
    this.#notify('optimizer/didCommit', {
      environment: this.#environment.name,
      outcome: 'committed',
      browserHash: next.browserHash,
      changed,
      removed: [...before.keys()].filter((id) => !(id in next.optimized)),
      pending: Object.keys(next.discovered),
      ...(bundled && { bundled }),
    })
    this.#importers.forget(Object.keys(next.optimized))
  }

  #reportDiscovery(id: string): void {
    const { name: environment } = this.#environment
    const learned = this.#recalling.has(id)
    this.#notify('optimizer/didDiscover', { environment, learned, ...this.#discoveredDep(id) })
  }

  #reportFailure(): void {
    const { browserHash } = this.#optimizer.metadata
    const nothing = { changed: [], removed: [], pending: [] }
    this.#notify('optimizer/didCommit', {
      environment: this.#environment.name,
      outcome: 'failed',
      browserHash,
      ...nothing,
    })
  }

  #notify<M extends 'optimizer/didCommit' | 'optimizer/didDiscover'>(method: M, params: Notifications[M]): void {
    if (!this.#isClosed) this.#sidecar.notify(method, params)
  }
}

function entries(optimized: DepOptimizationMetadata['optimized']): OptimizedDep[] {
  return Object.entries(optimized).map(([id, info]) => ({ id, file: info.file, browserHash: info.browserHash ?? '' }))
}
