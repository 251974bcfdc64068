import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, ResolvedConfig } from 'vite'
import { editConfig, inclusionsOf } from './config-edit.js'
import { historyOf } from './history.js'
import type { Sidecar } from './sidecar.js'
import { StatusStream } from './status-stream.js'

/** Below Vite's base. */
export const INSPECTOR_PATH = '__evenkeel/'

const FILES: Record<string, { file: string; type: string }> = {
  '': { file: 'page.html', type: 'text/html' },
  'page.css': { file: 'page.css', type: 'text/css' },
  ...Object.fromEntries(
    ['page.js', 'actions.js', 'chart.js', 'dom.js', 'host.js', 'words.js'].map((file) => [
      file,
      { file, type: 'text/javascript' },
    ]),
  ),
}

const LARGEST_BODY = 64 * 1024

const HEADERS = {
  // A proxy that compresses would hold back events until it has enough of them: code-server's does, for one.
  'cache-control': 'no-store, no-transform',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
}

/** The page that shows what the sidecar knows, and its stream of events. */
export class Inspector {
  readonly #path: string
  readonly #stream: StatusStream
  readonly #sidecar: Sidecar
  readonly #configFile: string | undefined
  /** Known to this server's own page; there is none where others than this machine's user may see that page. */
  readonly #token: string | undefined

  constructor({ base, root, configFile, server }: ResolvedConfig, project: string, sidecar: Sidecar) {
    this.#path = base + INSPECTOR_PATH
    this.#sidecar = sidecar
    this.#configFile = configFile
    this.#token = isPublic(server.host) ? undefined : randomBytes(16).toString('hex')
    this.#stream = new StatusStream(sidecar, { root }, () => historyOf(project))
  }

  readonly handle: Connect.NextHandleFunction = (request, response, next) => {
    const path = (request.originalUrl ?? request.url ?? '/').replace(/[?#].*/s, '')
    if (path !== this.#path.slice(0, -1) && !path.startsWith(this.#path)) return next()
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (isForeign(request)) return answer(response, 403)
    if (request.method === 'POST' && path === `${this.#path}config`)
      return void this.#editConfig(request, response).catch(next)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { allow: 'GET, HEAD' })
    if (!path.startsWith(this.#path)) return answer(response, 302, { location: this.#path })
    const name = path.slice(this.#path.length)
    if (name === 'events')
      return this.#stream.serve(request, response, isOfThisMachine(request) ? this.#token : undefined)
    const found = Object.hasOwn(FILES, name) ? FILES[name] : undefined
    if (!found) return answer(response, 404)
    readFile(new URL(`inspector/${found.file}`, import.meta.url)).then((content) => {
      response.setHeader('content-type', `${found.type}; charset=utf-8`)
      response.end(content)
    }, next)
  }

  async #editConfig(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#mayEdit(request)) return answer(response, 403)
    const body = await bodyOf(request)
    if (body === undefined) return answer(response, 413, { connection: 'close' })
    const inclusions = inclusionsOf(body)
    if (!inclusions) return answer(response, 400)
    const edited = await editConfig(this.#configFile, inclusions, this.#sidecar)
    response.writeHead(edited.done ? 200 : 409, { 'content-type': 'application/json' }).end(JSON.stringify(edited))
  }

  /** Whether the page that asks is this server's own, on this machine. */
  #mayEdit(request: IncomingMessage): boolean {
    const { headers } = request
    const sent = headers['x-evenkeel-token']
    if (this.#token === undefined || typeof sent !== 'string' || headers.origin === undefined) return false
    if (!isOfThisMachine(request)) return false
    return sent.length === this.#token.length && timingSafeEqual(Buffer.from(sent), Buffer.from(this.#token))
  }

  close(): void {
    this.#stream.close()
  }
}

/** Vite's `server.host`: a name or an address, or `true` for all addresses. */
const isPublic = (host: string | boolean | undefined) =>
  host === undefined || host === false ? false : host === true || !isLoopback(host)

const isLoopback = (host: string) =>
  /(?:^|\.)localhost$/.test(host) || host === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(host)

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LARGEST_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
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

/** Whether somebody on this machine asks, by a name of this machine. */
function isOfThisMachine({ headers, socket }: IncomingMessage): boolean {
  return isLoopback(socket.remoteAddress ?? '') && isLoopback(nameIn(headers))
}

/** The name by which the server is asked, without its port. */
function nameIn(headers: IncomingMessage['headers']): string {
  const host = headers[':authority'] ?? headers.host
  const url = `http://${String(host)}`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : ''
}

/** A sandboxed page's origin is `null`, which has no host. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end()
}
