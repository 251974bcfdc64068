import { addDays, format } from 'date-fns'

export default function Page() {
  return <p>{format(addDays(new Date(2042, 0, 1), 1), "'date says' yy")}</p>
}
