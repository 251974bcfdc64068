// The pages that the soak saves, breaks, deletes and restores: `/page/3` shows one, `/post/3` acts, `/drip/3` streams it.
import type { ComponentType } from 'react'
import { html } from '../../routes/html'

interface PageModule {
  default: ComponentType<{ note?: string }>
}

const pages = import.meta.glob<PageModule>('./pages/*.tsx')

export function answerOfPage(request: Request, path: string): Promise<Response> | undefined {
  const [, kind, slot] = path.match(/^\/(page|post|drip)\/(\d+)$/) ?? []
  if (!kind) return undefined
  const load = pages[`./pages/slot-${slot}.tsx`]
  if (!load) return gone(request)
  return { page: show, post: act, drip }[kind]!(request, load)
}

type Load = () => Promise<PageModule>

async function gone(request: Request): Promise<Response> {
  await request.text()
  return new Response('there is no such page', { status: 404 })
}

async function show(_request: Request, load: Load): Promise<Response> {
  const { default: Page } = await load()
  return html(<Page />)
}

/** Each step is told to the soak's ledger, which outlives all workers. */
async function act(request: Request, load: Load): Promise<Response> {
  const note = await request.text()
  await enter(request, 'started')
  const { default: Page } = await load()
  await enter(request, 'acted')
  return html(<Page note={note} />)
}

async function enter(request: Request, step: string): Promise<void> {
  await fetch(`${request.headers.get('x-ledger')}/${step}`, { method: 'POST' })
}

/** Once its head is out, an answer can't be taken back: the page is imported after that on purpose. */
async function drip(_request: Request, load: Load): Promise<Response> {
  const { readable, writable } = new TransformStream()
  const write = async () => {
    const writer = writable.getWriter()
    await writer.write(new TextEncoder().encode('<!-- first chunk -->'))
    writer.releaseLock()
    const { default: Page } = await load()
    await (await html(<Page />)).body!.pipeTo(writable)
  }
  write().catch((error) => writable.abort(error))
  return new Response(readable, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}
