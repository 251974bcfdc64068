import type { ViteDevServer } from 'vite'
import { intercept } from './intercept.js'

/**
 * Whenever Vite has printed the server's URLs: at the start, after a restart that changed them, and when a key asks for it. Read in
 * Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `printUrls` of `_createServer`, which throws in middleware mode.
 */
export function afterUrls(server: ViteDevServer, print: () => void): void {
  intercept(server, 'printUrls', (printUrls, args) => {
    printUrls(...args)
    print()
  })
}

/**
 * Every restart of a server in its own process: a change of the config, a key, another plugin. `prepare` is waited for, `done` is
 * called whether the restart came about or not. Read in Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `restartServer`, which logs a failure
 * and goes on with the server of before.
 */
export function aroundRestart(server: ViteDevServer, prepare: () => Promise<void>, done: () => void): void {
  intercept(server, 'restart', async (restart, args) => {
    await prepare()
    try {
      await restart(...args)
    } finally {
      done()
    }
  })
}
