'use client'

import { useEffect, useState } from 'react'
import { act } from './actions'

/** State of three kinds that a reload loses: what was clicked, what was typed, what an action answered. */
export function Panel() {
  const [count, setCount] = useState(0)
  const [note, setNote] = useState('')
  const [answer, setAnswer] = useState('')
  const [hydrated, setHydrated] = useState(false)
  useEffect(() => setHydrated(true), [])

  const ask = async () => setAnswer(await act(note))

  return (
    <section data-hydrated={hydrated}>
      <p>client says hello</p>
      <button onClick={() => setCount(count + 1)}>counted {count}</button>
      <input aria-label="note" value={note} onChange={(event) => setNote(event.target.value)} />
      <button onClick={ask}>act</button>
      <output>{answer}</output>
    </section>
  )
}
