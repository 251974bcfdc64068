// The inspector's page, for a tab of the editor: the same that the dev server has for browsers.
import { copyFile, mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const inspector = new URL('../../vite/src/inspector/', import.meta.url)
const timeline = new URL('../dist/timeline/', import.meta.url)

await mkdir(timeline, { recursive: true })
for (const file of ['page.html', 'page.css']) await copyFile(new URL(file, inspector), new URL(file, timeline))
await build({
  entryPoints: [fileURLToPath(new URL('page.ts', inspector))],
  outfile: fileURLToPath(new URL('page.js', timeline)),
  bundle: true,
  format: 'esm',
  target: 'es2023',
  minify: true,
  logLevel: 'warning',
})
