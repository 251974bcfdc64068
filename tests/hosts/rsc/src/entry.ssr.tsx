import { createFromReadableStream } from '@vitejs/plugin-rsc/ssr'
import type { ReactNode } from 'react'
import { renderToReadableStream } from 'react-dom/server.edge'

export async function render(stream: ReadableStream): Promise<ReadableStream> {
  const [content, bootstrapScriptContent] = await Promise.all([
    createFromReadableStream<ReactNode>(stream),
    import.meta.viteRsc.loadBootstrapScriptContent('index'),
  ])
  return renderToReadableStream(content, { bootstrapScriptContent })
}
