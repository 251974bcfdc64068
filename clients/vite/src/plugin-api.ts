// What the plugins of this package tell one another by Vite's `api` field, so that none of them imports another.
import type { Plugin } from 'vite'

/** What other plugins may ask of Evenkeel. */
export interface EvenkeelApi {
  /** The current `file?v=hash` of a bare id, or `undefined` when the environment's optimizer does not know it. */
  resolveOptimizedId(environment: string, id: string): Promise<string | undefined>
  /** Fetches a module of an environment past its `fetchModule`, as one that nobody has imported there. */
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
