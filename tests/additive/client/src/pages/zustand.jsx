import { create } from 'zustand'

const useSaying = create(() => ({ says: 'zustand says 42' }))

export default function Page() {
  return <p>{useSaying(({ says }) => says)}</p>
}
