import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { DevEnvironment, Rolldown } from 'vite'

/**
 * The Rolldown that the running Vite bundles with: its plugins work in no other copy. Vite exports no function for that; where Vite is
 * itself, its alias for `@vite/client` tells. Read in 8.0.0, 8.0.16, 8.1.5, 8.2.0 and 8.3.8: `clientAlias`.
 */
export async function rolldownOf({ config }: DevEnvironment): Promise<typeof Rolldown.rolldown> {
  const client = config.resolve.alias.find(
    ({ find }) => find instanceof RegExp && find.test('@vite/client'),
  )?.replacement
  if (!client?.startsWith('/@fs/')) throw new Error('Vite does not tell where it is')
  const path = client.slice(process.platform === 'win32' ? '/@fs/'.length : '/@fs'.length)
  const { rolldown } = await import(pathToFileURL(createRequire(path).resolve('rolldown')).href)
  return rolldown
}
