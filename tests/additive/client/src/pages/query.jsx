import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'

const client = new QueryClient()

function Saying() {
  const { data } = useQuery({ queryKey: ['says'], queryFn: () => 'query says 42' })
  return <p>{data}</p>
}

export default function Page() {
  return (
    <QueryClientProvider client={client}>
      <Saying />
    </QueryClientProvider>
  )
}
