import { useState } from 'react'
import { z } from 'zod'

export default function ZodPage() {
  const [answer] = useState(() => z.coerce.number().parse('42'))
  return <p data-page="zod">{`zod says ${answer}`}</p>
}
