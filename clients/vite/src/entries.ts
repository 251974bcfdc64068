import { readFile } from 'node:fs/promises'
import { isAbsolute, posix, resolve } from 'node:path'
import type { DevEnvironment } from 'vite'
import { withSlashes } from './additive/packages.js'

const SCRIPT = /<script\b([^>]*)>/gi
const MODULE = /\btype\s*=\s*["']?module\b/i
const SRC = /\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i

/** Where a crawl of an environment begins: at what its build begins with, and in a page without one at its scripts. */
export async function entriesOf({ config }: DevEnvironment): Promise<string[]> {
  const { rolldownOptions, rollupOptions } = config.build
  const input = rolldownOptions?.input ?? rollupOptions?.input ?? pagesOf(config)
  const entries = Object.values(typeof input === 'string' ? [input] : input).filter(
    (entry) => typeof entry === 'string',
  )
  return (
    await Promise.all(
      entries.map((entry) => (entry.endsWith('.html') ? scriptsOf(config.root, entry) : [urlOf(config.root, entry)])),
    )
  ).flat()
}

/** As Vite's dependency scanner finds them; a pattern among them is left to it. */
function pagesOf({ consumer, optimizeDeps }: DevEnvironment['config']): string[] {
  if (consumer !== 'client') return []
  const entries = [optimizeDeps.entries ?? 'index.html'].flat()
  return entries.filter((entry) => !/[*?{}[\]!]/.test(entry))
}

/** As other modules import it: a module keeps the URL by which it was asked for first. */
function urlOf(root: string, entry: string): string {
  const isPath = /^\.{1,2}\//.test(entry) || isAbsolute(entry)
  const file = isPath ? withSlashes(resolve(root, entry)) : entry
  return file.startsWith(`${root}/`) ? file.slice(root.length) : entry
}

/** The URLs of a page's module scripts; those from elsewhere are not Vite's. */
async function scriptsOf(root: string, page: string): Promise<string[]> {
  const file = resolve(root, page)
  const html = await readFile(file, 'utf8').catch(() => '')
  const folder = posix.dirname(`/${page.startsWith('/') ? file.slice(root.length + 1) : page}`)
  return [...html.matchAll(SCRIPT)].flatMap(([, attributes = '']) => {
    const [, ...sources] = attributes.match(SRC) ?? []
    const src = sources.find((source) => source !== undefined)
    if (!MODULE.test(attributes) || !src || /^(?:\w+:|\/\/)/.test(src)) return []
    return [posix.resolve(folder, src)]
  })
}
