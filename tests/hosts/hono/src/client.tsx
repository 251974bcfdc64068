import { useState } from 'react'
import { createRoot } from 'react-dom/client'
import Draft from './draft'

function Page({ content: Content }: { content: typeof Draft }) {
  const [count, setCount] = useState(0)
  return (
    <>
      <button onClick={() => setCount(count + 1)}>counted {count}</button>
      <input aria-label="note" />
      <Content />
    </>
  )
}

const root = createRoot(document.getElementById('page')!)
const show = (content: typeof Draft) => root.render(<Page content={content} />)
show(Draft)
import.meta.hot?.accept('./draft', (saved) => saved && show(saved.default))
