/**
 * What a request line named, as the `Location` of a redirect within the same origin: `//host/path` would leave it, and
 * so would `/\host/path`, since browsers read a backslash as a slash.
 */
export function samePath(target: string): string {
  const path = pathOf(target).replaceAll('\\', '%5C')
  return path.startsWith('//') ? `/.${path}` : path
}

/** Without the scheme and the host that a proxy is given. Anybody can write a target that is no URL, `http://` for one. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const url = URL.canParse(target) ? new URL(target) : undefined
  // An opaque path has no slash at its beginning, `mailto:someone` for one.
  return url?.pathname.startsWith('/') ? url.pathname + url.search : '/'
}
