import type { ViteDevServer } from 'vite'
import type { ResolvedOptions } from './options.js'

export interface Log {
  info(message: string): void
  warn(message: string): void
}

/** Vite's own log, as far as the user wants to hear of it. */
export function logOf({ config: { logger } }: ViteDevServer, options: ResolvedOptions): Log {
  const print = (level: 'info' | 'warn') => (message: string) => {
    if (options.log === 'silent' || (options.log === 'warn' && level === 'info')) return
    logger[level](`[evenkeel] ${message}`, { timestamp: true })
  }
  return { info: print('info'), warn: print('warn') }
}
