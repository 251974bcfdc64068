import { useState } from 'react'

export default function Home() {
  const [greeting] = useState('home says hello')
  return <p data-page="home">{greeting}</p>
}
