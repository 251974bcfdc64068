import { atom, useAtomValue } from 'jotai'

const answerAtom = atom(42)

export default function JotaiPage() {
  return <p data-page="jotai">{`jotai says ${useAtomValue(answerAtom)}`}</p>
}
