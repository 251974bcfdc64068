import { Anchor } from 'lucide-react'

export default function Page() {
  return (
    <p>
      <Anchor />
      lucide says 42
    </p>
  )
}
