import { addDays } from 'date-fns'

export default (body: string) => `date says ${addDays(new Date(body), 1).toISOString().slice(0, 10)}`
