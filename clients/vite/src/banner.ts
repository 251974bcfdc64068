import { styleText } from 'node:util'
import type { ViteDevServer } from 'vite'
import { INSPECTOR_PATH } from './inspector.js'
import { urlOf } from './listening.js'
import type { ResolvedOptions } from './options.js'
import { afterUrls } from './vite-internals/server.js'

/** Says that Evenkeel is there and where its page is, below the URLs that Vite prints and in their style. */
export function printBanner(server: ViteDevServer, { log }: ResolvedOptions): void {
  if (log !== 'info') return
  afterUrls(server, () => {
    const url = server.resolvedUrls?.local[0] ?? server.resolvedUrls?.network[0] ?? urlOf(server)
    if (url) server.config.logger.info(lineOf(url + INSPECTOR_PATH))
  })
}

function lineOf(url: string): string {
  const withPort = url.replace(/:(\d+)\//, (_, port: string) => `:${painted('bold', port)}/`)
  return `  ${painted('green', '➜')}  ${painted('bold', 'Evenkeel')}: ${painted('cyan', withPort)}`
}

type Format = 'bold' | 'green' | 'cyan'

/** As Vite's own lines: in colours where the terminal has them, and nobody has turned them off. */
function painted(format: Format, text: string): string {
  return hasColors() ? styleText(format, text, { validateStream: false }) : text
}

function hasColors(): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR) return false
  return FORCE_COLOR ? FORCE_COLOR !== '0' : process.stdout.isTTY && process.stdout.hasColors()
}
