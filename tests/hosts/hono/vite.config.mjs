import devServer from '@hono/vite-dev-server'
import { addedPlugins } from '../setup/plugins.mjs'

/** By default the app runs in Node; with Cloudflare's adapter there, too, beside the bindings of a worker. */
const adapter = process.env.HONO_ADAPTER ?? 'node'

export default async () => {
  const { default: adapted } = await import(`@hono/vite-dev-server/${adapter}`)
  return {
    clearScreen: false,
    plugins: [devServer({ entry: 'src/index.tsx', adapter: adapted }), ...(await addedPlugins())],
  }
}
