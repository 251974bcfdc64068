import { renderToReadableStream } from 'react-dom/server'
import { type EntryContext, ServerRouter } from 'react-router'

export default async function handleRequest(request: Request, status: number, headers: Headers, context: EntryContext) {
  let failed = false
  const onError = (error: unknown) => {
    failed = true
    console.error(error)
  }
  const body = await renderToReadableStream(<ServerRouter context={context} url={request.url} />, { onError })
  await body.allReady
  headers.set('Content-Type', 'text/html')
  return new Response(body, { headers, status: failed ? 500 : status })
}
