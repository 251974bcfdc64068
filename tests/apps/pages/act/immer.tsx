import { useImmer } from 'use-immer'

function Answer({ text }: { text: string }) {
  const [draft] = useImmer({ text })
  return <p data-page="immer">{`immer says ${draft.text}`}</p>
}

export default (body: string) => <Answer text={body} />
