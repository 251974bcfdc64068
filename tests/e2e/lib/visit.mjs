const maxRedirects = 5

/**
 * Asks for a page as a browser does, redirects included, and keeps what a browser would not show: the first status, the number
 * of redirects and the time the whole took. `page` is a path or an entry of the table; a lost connection is status 0.
 */
export async function visit(app, page, { method, body, headers, signal } = {}) {
  const entry = typeof page === 'string' ? { path: page } : page
  let request = { method: method ?? entry.method ?? 'GET', body: body ?? entry.body, headers, signal, redirect: 'manual' }
  let url = app.url + entry.path
  let firstStatus
  let redirects = 0
  const startedAt = performance.now()
  const result = (status, text, headers) => ({
    status,
    text,
    headers,
    redirects,
    firstStatus,
    ms: Math.round(performance.now() - startedAt),
  })
  try {
    for (;;) {
      const response = await fetch(url, request)
      const text = await response.text()
      firstStatus ??= response.status
      const location = response.headers.get('location')
      if (!location || !isRedirect(response.status) || redirects === maxRedirects) {
        return result(response.status, text, response.headers)
      }
      redirects++
      url = new URL(location, url).href
      request = followed(request, response.status)
    }
  } catch (error) {
    firstStatus ??= 0
    return result(0, `${error.message}: ${error.cause?.message ?? ''}`)
  }
}

/** One after the other: every page must meet the optimizer that the one before it left behind. */
export async function visitAll(app, pages) {
  const results = []
  for (const page of pages) results.push({ page, ...(await visit(app, page)) })
  return results
}

export const isRight = (page, { status, text }) => status === 200 && text.includes(page.expect)

/** How often each handler started, as `{ "POST /act/uuid": 1 }`. */
export async function counts(app) {
  // Right after a broken answer Miniflare may still hold the connection that workerd is closing, and says "fetch failed".
  // Only here is that worth another try: these are the test's own requests, not what is tested.
  for (let attempt = 1; ; attempt++) {
    const { status, text } = await visit(app, '/__counts')
    if (status === 200) return JSON.parse(text)
    if (attempt === 3 || !text.includes('fetch failed')) throw new Error(`no counts (${status}): ${text}`)
  }
}

const isRedirect = (status) => [301, 302, 303, 307, 308].includes(status)

/** 307 and 308 promise that method and body stay; after the others browsers go on with GET. */
function followed(request, status) {
  if (status >= 307 || ['GET', 'HEAD'].includes(request.method)) return request
  return { ...request, method: 'GET', body: undefined }
}
