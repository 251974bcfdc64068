import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Edited, Inclusion } from './inspector/messages.js'
import type { Sidecar } from './sidecar.js'

/** Adds late dependencies to the Vite config, by the edit that an editor's quick fix makes. Vite restarts by itself then. */
export async function editConfig(file: string | undefined, inclusions: Inclusion[], sidecar: Sidecar): Promise<Edited> {
  if (!file) return { done: false, text: 'This server has no config file: copy the line into what starts it.' }
  const before = await readFile(file, 'utf8')
  let text = before
  for (const { environment, dependencies } of inclusions) {
    const answer = await sidecar.request('includeInConfig', { config: text, environment, dependencies })
    if (!answer) return { done: false, text: 'The sidecar does not answer, so nothing was changed: copy the line.' }
    text = answer.config ?? text
  }
  const name = basename(file)
  if (text === before)
    return { done: false, text: `${name} has them already, or a shape that only its author can change: copy the line.` }
  await writeFile(file, text)
  return { done: true, text: `Added to ${name}. Vite restarts.` }
}

/** What a page has sent, if it is that. */
export function inclusionsOf(body: string): Inclusion[] | undefined {
  try {
    const sent: unknown = JSON.parse(body)
    return Array.isArray(sent) && sent.length > 0 && sent.every(isInclusion) ? sent : undefined
  } catch {
    return undefined
  }
}

/** Nothing that would end a string of the config gets into it. */
const IS_ID = /^[\w@./+~-]+$/

function isInclusion(sent: Partial<Inclusion> | null): sent is Inclusion {
  const { environment, dependencies } = sent ?? {}
  if (typeof environment !== 'string' || !IS_ID.test(environment) || !Array.isArray(dependencies)) return false
  return dependencies.every((id) => typeof id === 'string' && IS_ID.test(id))
}
