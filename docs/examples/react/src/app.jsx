import { useState } from 'react'
import { Late } from './late.jsx'

export function App() {
  const [count, setCount] = useState(0)
  return (
    <main>
      <button type="button" onClick={() => setCount(count + 1)}>
        counted {count}
      </button>
      <Late />
    </main>
  )
}
