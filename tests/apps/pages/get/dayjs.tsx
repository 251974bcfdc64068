import { useState } from 'react'
import dayjs from 'dayjs'

export default function DayjsPage() {
  const [year] = useState(() => dayjs('2041-06-15').add(1, 'year').year())
  return <p data-page="dayjs">{`dayjs says ${year}`}</p>
}
