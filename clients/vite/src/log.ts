import type { ViteDevServer } from 'vite'
import type { ResolvedOptions } from './options.js'
import { escapeRegExp } from './regexp.js'

export interface Log {
  info(message: string): void
  warn(message: string): void
}

/** Vite's own log, as far as the user wants to hear of it. Files are named from the root, as they are by Vite. */
export function logOf({ config: { logger, root } }: ViteDevServer, options: ResolvedOptions): Log {
  const folder = root.endsWith('/') ? root : `${root}/`
  // Not in the middle of a path, of a URL or of a package's name; nor where a request is named.
  const named = new RegExp(`(?<![\\w@.~/:-]|\\b[A-Z]{3,7} )${escapeRegExp(folder)}`, 'g')
  const print = (level: 'info' | 'warn') => (message: string) => {
    if (options.log === 'silent' || (options.log === 'warn' && level === 'info')) return
    logger[level](`[evenkeel] ${message.replaceAll(named, '')}`, { timestamp: true })
  }
  return { info: print('info'), warn: print('warn') }
}
