import { createFromFetch } from '@vitejs/plugin-rsc/browser'
import { type ReactNode, startTransition, useEffect, useState } from 'react'
import { hydrateRoot } from 'react-dom/client'

const contentOfNow = () => createFromFetch<ReactNode>(fetch(`${location.pathname}_content`))

function Page({ first }: { first: ReactNode }) {
  const [content, setContent] = useState(first)
  useEffect(() => {
    const update = async () => {
      const next = await contentOfNow()
      startTransition(() => setContent(next))
    }
    import.meta.hot?.on('rsc:update', update)
    return () => import.meta.hot?.off('rsc:update', update)
  }, [])
  return content
}

hydrateRoot(document, <Page first={await contentOfNow()} />)
