import { dirname } from 'node:path'
import { workspace } from 'vscode'
import { findBinary } from './binary.js'

/**
 * Vite's names and those of frameworks that read no `vite.config`, the only ones in this client; the patterns in package.json wake the
 * extension for any of them.
 */
const CONFIGS = '**/{vite,astro,nuxt}.config.{js,mjs,cjs,ts,mts,cts}'

/** The folders with such a config, wherever in the workspace they are. */
export async function appFolders(): Promise<string[]> {
  const configs = await workspace.findFiles(CONFIGS, '**/node_modules/**')
  return configs.map(({ fsPath }) => dirname(fsPath))
}

export function binaryFor(apps: string[]): string {
  const workspaceFolders = workspace.workspaceFolders ?? []
  return findBinary({
    configured: workspace.getConfiguration('evenkeel').get('binary', ''),
    folders: [...workspaceFolders.map(({ uri }) => uri.fsPath), ...apps],
    env: process.env,
    platform: process.platform,
    arch: process.arch,
  })
}
