import { useState } from 'react'
import Draft from './draft'

export default function Page() {
  const [count, setCount] = useState(0)
  return (
    <>
      <button onClick={() => setCount(count + 1)}>counted {count}</button>
      <input aria-label="note" />
      <Draft />
    </>
  )
}
