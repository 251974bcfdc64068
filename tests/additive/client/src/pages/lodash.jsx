import { lowerCase } from 'lodash-es'

export default function Page() {
  return <p>{lowerCase('lodash-says-42')}</p>
}
