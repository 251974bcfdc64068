import { useCounter } from 'usehooks-ts'

export default function BrowserPage() {
  const { count } = useCounter(42)
  return <p data-page="browser">{`browser says ${count}`}</p>
}
