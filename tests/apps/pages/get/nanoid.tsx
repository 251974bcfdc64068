import { useState } from 'react'
import { customAlphabet } from 'nanoid'

export default function NanoidPage() {
  // An alphabet of one letter is the only one whose ids can be foretold.
  const [id] = useState(() => customAlphabet('a', 5)())
  return <p data-page="nanoid">{`nanoid says ${id}`}</p>
}
