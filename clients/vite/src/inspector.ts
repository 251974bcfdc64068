import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect } from 'vite'
import type { Sidecar } from './sidecar.js'
import { StatusStream } from './status-stream.js'

/** Below Vite's base. */
export const INSPECTOR_PATH = '__evenkeel/'

const FILES: Record<string, { file: string; type: string }> = {
  '': { file: 'page.html', type: 'text/html' },
  'page.css': { file: 'page.css', type: 'text/css' },
  'page.js': { file: 'page.js', type: 'text/javascript' },
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
}

/** The page that shows what the sidecar knows, and its stream of events. */
export class Inspector {
  readonly #path: string
  readonly #stream: StatusStream

  constructor({ base, root }: { base: string; root: string }, sidecar: Sidecar) {
    this.#path = base + INSPECTOR_PATH
    this.#stream = new StatusStream(sidecar, { root })
  }

  readonly handle: Connect.NextHandleFunction = (request, response, next) => {
    const path = (request.originalUrl ?? request.url ?? '/').replace(/[?#].*/s, '')
    if (path !== this.#path.slice(0, -1) && !path.startsWith(this.#path)) return next()
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (isForeign(request)) return answer(response, 403)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { allow: 'GET, HEAD' })
    if (!path.startsWith(this.#path)) return answer(response, 302, { location: this.#path })
    const name = path.slice(this.#path.length)
    if (name === 'events') return this.#stream.serve(request, response)
    const found = Object.hasOwn(FILES, name) ? FILES[name] : undefined
    if (!found) return answer(response, 404)
    readFile(new URL(`inspector/${found.file}`, import.meta.url)).then((content) => {
      response.setHeader('content-type', `${found.type}; charset=utf-8`)
      response.end(content)
    }, next)
  }

  close(): void {
    this.#stream.close()
  }
}

/**
 * After the check of the host, which is Vite's: whether another site's page asks. Such a page may lead here, but may neither
 * read nor frame what is shown.
 */
function isForeign({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  if (origin !== undefined && hostOf(origin) !== (headers[':authority'] ?? host)) return true
  const site = headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return false
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document'
}

/** A sandboxed page's origin is `null`, which has no host. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end()
}
