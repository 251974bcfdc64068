import { useState } from 'react'

export default function Beside() {
  const [text] = useState('beside 42')
  return <h1>{text}</h1>
}
