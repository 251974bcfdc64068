import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { printed } from './waiting.mjs'

const config = `import { viteConfig } from '../setup/vite-config.mjs'
const fails = { name: 'fails', configureServer() { throw new Error('no server today') } }
export default async () => {
  const { plugins, ...config } = await viteConfig()
  return { ...config, plugins: [...plugins, fails] }
}
`

/** Has Vite make the next server of a copy of an app, and fail to start it. Resolves when it has told so. */
export async function failRestart(app) {
  const next = path.join(app.root, '.next.mjs')
  await writeFile(next, config)
  const failed = printed(app, /server restart failed/)
  await rename(next, path.join(app.root, 'vite.config.mjs'))
  await failed
}
