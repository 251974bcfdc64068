import { produce } from 'immer'
import { useState } from 'react'

export default function ImmerPage() {
  const [{ answer }] = useState(() => produce({ answer: 41 }, (draft) => void draft.answer++))
  return <p data-page="immer">{`immer says ${answer}`}</p>
}
