// What the plugins of this package tell one another by Vite's `api` field, so that none of them imports another.
import type { Plugin } from 'vite'

/** What other plugins may ask of Evenkeel. */
export interface EvenkeelApi {
  /**
   * The current `file?v=hash` of a bare id. Waits while a run of the optimizer is to take the id up, for `deadline` at most. Gives
   * `undefined` when the optimizer does not know it, when the run is not over by then, or when there is no sidecar.
   */
  resolveOptimizedId(environment: string, id: string): Promise<string | undefined>
  /**
   * Calls `fetch` and gives what it gives. Until then `module` counts as being fetched, so that a reload of the environment is not
   * taken for finished. For whoever loads an entry without the environment's `fetchModule`.
   */
  fetching<T>(environment: string, module: string, fetch: () => Promise<T>): Promise<T>
}

/** How a bridge says what it joins. */
export interface BridgeApi {
  evenkeelBridge: { borrower: string; lender: string }
}

/** The environments that borrow from one, by the bridges in a plugin list. */
export function borrowersOf(plugins: readonly Plugin[], lender: string): string[] {
  const bridges = plugins.map(({ api }) => (api as Partial<BridgeApi> | undefined)?.evenkeelBridge)
  return bridges.flatMap((bridge) => (bridge?.lender === lender ? [bridge.borrower] : []))
}
