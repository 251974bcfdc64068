import type { ReactNode } from 'react'
import { renderToReadableStream } from 'react-dom/server'

/** Waits for the whole page, so that a page that can't be rendered is an error and never half an answer. */
export async function html(content: ReactNode): Promise<Response> {
  const stream = await renderToReadableStream(content)
  await stream.allReady
  return new Response(stream, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}
