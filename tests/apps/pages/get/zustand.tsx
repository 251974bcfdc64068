import { create } from 'zustand'

const useAnswer = create(() => ({ answer: 42 }))

export default function ZustandPage() {
  const answer = useAnswer((state) => state.answer)
  return <p data-page="zustand">{`zustand says ${answer}`}</p>
}
