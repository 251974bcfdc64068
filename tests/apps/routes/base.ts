const prefix = import.meta.env.BASE_URL.replace(/\/$/, '')

/** Vite's base as the worker meets it: in front of every path, without a slash at its end. */
export const base = prefix

/** The path as the routes know it; the Cloudflare plugin hands on the URL with the base still in it. */
export function pathOf(request: Request): string {
  const { pathname } = new URL(request.url)
  return prefix && pathname.startsWith(prefix + '/') ? pathname.slice(prefix.length) : pathname
}
