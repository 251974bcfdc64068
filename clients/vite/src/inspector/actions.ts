import type { Reoptimization } from '../protocol.js'
import { byId } from './dom.js'
import { host } from './host.js'
import type { Inclusion } from './messages.js'

/** How long a button says what it has done. */
const SAID_MS = 1_500

/** What the advice of a record would include. */
export function inclusionOf({ environment, advised }: Reoptimization): Inclusion | undefined {
  return advised && { environment, dependencies: advised }
}

/** Those of one environment together, each dependency once. */
export function together(inclusions: Inclusion[]): Inclusion[] {
  const all = new Map<string, Set<string>>()
  for (const { environment, dependencies } of inclusions) {
    const known = all.get(environment) ?? new Set()
    for (const id of dependencies) known.add(id)
    all.set(environment, known)
  }
  return [...all].map(([environment, ids]) => ({ environment, dependencies: [...ids] }))
}

export function lineOf(inclusions: Inclusion[]): string {
  const parts = inclusions.map(({ environment, dependencies }) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(environment) ? environment : `'${environment}'`
    return `${key}: { optimizeDeps: { include: [${dependencies.map((id) => `'${id}'`).join(', ')}] } }`
  })
  return `environments: { ${parts.join(', ')} }`
}

export async function copy(text: string, pressed: HTMLButtonElement): Promise<void> {
  say(pressed, (await write(text)) ? 'Copied' : 'Not copied')
}

/** Asks the dev server to add them to the Vite config. */
export async function addToConfig(inclusions: Inclusion[], token: string, pressed: HTMLButtonElement): Promise<void> {
  const edited = await host.addToConfig(inclusions, token)
  say(
    pressed,
    edited?.done ? 'Added' : 'Not added',
    edited?.text ?? 'The dev server has refused it: reload this page and try again.',
  )
}

export async function openInEditor(site: string): Promise<void> {
  tell((await host.openInEditor(site)) ? `Opened ${site}` : 'No editor could be opened')
}

function say(pressed: HTMLButtonElement, said: string, told = said): void {
  const { text = pressed.textContent!, name = pressed.ariaLabel ?? '' } = pressed.dataset
  Object.assign(pressed.dataset, { text, name })
  const shows = (shown: string, named: string) => Object.assign(pressed, { textContent: shown, ariaLabel: named })
  // Its name has to begin with what it shows.
  shows(said, `${said}: ${name}`)
  tell(told)
  setTimeout(() => shows(text, name), SAID_MS)
}

function tell(text: string): void {
  byId('told').textContent = text
  setTimeout(() => {
    if (byId('told').textContent === text) byId('told').textContent = ''
  }, 4 * SAID_MS)
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // A browser has no clipboard for a page that comes over plain HTTP from another machine.
    const place = document.createElement('textarea')
    place.value = text
    document.body.append(place)
    place.select()
    const copied = document.execCommand('copy')
    place.remove()
    return copied
  }
}
