'use server'

import { ran } from './counts'

export async function act(note: string) {
  const says = [`run ${ran('act')}`, note]
  return says.join(', ')
}
