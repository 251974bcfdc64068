import useSWR from 'swr'

export default function SwrPage() {
  const { data } = useSWR('answer', null, { fallbackData: 42 })
  return <p data-page="swr">{`swr says ${data}`}</p>
}
