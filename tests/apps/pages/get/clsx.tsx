import { useState } from 'react'
import clsx from 'clsx'

export default function ClsxPage() {
  const [names] = useState(() => clsx('four', { two: true, none: false }))
  return (
    <p data-page="clsx" className={names}>
      clsx says hello
    </p>
  )
}
