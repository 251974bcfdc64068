import { useState } from 'react'
import { createRoot } from 'react-dom/client'
import { pages } from 'virtual:pages'
import Slot from './slot'

/** Holds what a reload loses: a number, and what somebody has typed. */
function App() {
  const [count, setCount] = useState(0)
  const [opened, setOpened] = useState()
  const open = async (name) => {
    const { default: Page } = await pages[name]()
    setOpened(<Page />)
  }
  return (
    <main>
      <button onClick={() => setCount(count + 1)}>counted {count}</button>
      <input aria-label="note" />
      {Object.keys(pages).map((name) => (
        <button key={name} onClick={() => open(name)}>{`open ${name}`}</button>
      ))}
      <Slot />
      {opened}
    </main>
  )
}

createRoot(document.getElementById('root')).render(<App />)
