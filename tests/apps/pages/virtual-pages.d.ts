declare module 'virtual:pages' {
  import type { ReactElement } from 'react'
  /** Keyed as `keyOf()` of the table does it; a page's default export is a component, an action's a function of the body. */
  export const pages: Record<string, () => Promise<{ default: (input: any) => string | ReactElement }>>
}
