import { importSite } from '../import-site.js'
import type { ImportSite } from '../protocol.js'

/** Who imported a bare id last: Vite tells of a missing import without its importer. */
export class Importers {
  readonly #importers = new Map<string, string>()

  saw(id: string, importer: string): void {
    this.#importers.set(id, importer)
  }

  siteOf(id: string): ImportSite | undefined {
    const importer = this.#importers.get(id)
    return importer === undefined ? undefined : importSite(importer, id)
  }

  forget(ids: Iterable<string>): void {
    for (const id of ids) this.#importers.delete(id)
  }
}
