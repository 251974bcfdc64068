import { useState } from 'react'

/** Reached like the late pages, but with nothing late in it: a test saves its own import into a copy. */
export default function Draft() {
  const [text] = useState('draft says hello')
  return <p data-page="draft">{text}</p>
}
