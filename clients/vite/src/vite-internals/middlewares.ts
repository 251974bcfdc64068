import type { IncomingMessage } from 'node:http'
import type { Connect, ViteDevServer } from 'vite'

/**
 * With `run_worker_first`, Cloudflare's plugin handles requests in a middleware that it has added long before. Read in
 * @cloudflare/vite-plugin 1.64.0.
 */
export function guardPreMiddleware({ middlewares }: ViteDevServer, enter: Connect.NextHandleFunction): void {
  for (const layer of middlewares.stack) {
    const { handle } = layer
    if (typeof handle !== 'function' || handle.name !== 'cloudflarePreMiddleware') continue
    const inner = handle as Connect.NextHandleFunction
    layer.handle = function cloudflarePreMiddleware(
      request: Connect.IncomingMessage,
      response,
      next: Connect.NextFunction,
    ) {
      enter(request, response, (error?: unknown) => (error ? next(error) : inner(request, response, next)))
    } as Connect.NextHandleFunction
  }
}

/**
 * Moves a middleware of a hook after Vite's check of the host, which Vite 6 adds after all hooks. Where others are let in as well, there is
 * no check. Read in Vite 6.4.0, 6.4.6, 7.3.0, 7.3.8, 8.0.16, 8.3.8 and 8.4.0: `_createServer`.
 */
export function moveAfterHostCheck({ middlewares }: ViteDevServer, moved: Connect.NextHandleFunction): void {
  const { stack } = middlewares
  const from = stack.findIndex(({ handle }) => handle === moved)
  const check = stack.findIndex(
    ({ handle }) => typeof handle === 'function' && handle.name === 'viteHostCheckMiddleware',
  )
  if (from < 0 || from > check) return
  const layers = stack.splice(from, 1)
  stack.splice(check, 0, ...layers)
}

/**
 * Errors come by before any other plugin's error middleware, which may answer them or take note of them, and once more
 * after the last handler. Connect's stack, as Vite 6.4.6, 7.3.8, 8.0.16, 8.3.8 and 8.4.0 bring it along.
 */
export function catchErrors({ middlewares }: ViteDevServer, fail: Connect.ErrorHandleFunction): void {
  const { stack } = middlewares
  const first = stack.findIndex(({ handle }) => typeof handle === 'function' && handle.length === 4)
  if (first >= 0) stack.splice(first, 0, { route: '', handle: fail })
  middlewares.use(fail)
}

/**
 * A worker that asks its own assets binding comes through the whole server again, marked by Cloudflare's plugin. Read in
 * @cloudflare/vite-plugin 1.64.0.
 */
export function isAssetOfWorker(request: IncomingMessage): boolean {
  const mark = Object.getOwnPropertySymbols(request).find((symbol) => symbol.description === 'kRequestType')
  return mark !== undefined && (request as unknown as Record<symbol, unknown>)[mark] === 'asset'
}

/**
 * A cron or an e-mail that is triggered by hand. `curl` does so, which follows no redirects. Read in
 * @cloudflare/vite-plugin 1.64.0: `trigger-handlers`.
 */
export function isTrigger({ originalUrl, url = '/' }: Connect.IncomingMessage): boolean {
  return /^\/cdn-cgi\/(?:handler|local|mf)\/(?:scheduled|email)(?:[/?]|$)/.test(originalUrl ?? url)
}
