import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

function Answer() {
  const { data } = useQuery({ queryKey: ['answer'], queryFn: () => 0, initialData: 42 })
  return <p data-page="query">{`query says ${data}`}</p>
}

export default function QueryPage() {
  const [client] = useState(() => new QueryClient())
  return (
    <QueryClientProvider client={client}>
      <Answer />
    </QueryClientProvider>
  )
}
