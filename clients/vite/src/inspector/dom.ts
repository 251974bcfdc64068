export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet'
type Attributes = Record<string, string>
type Child = Node | string

const SVG = 'http://www.w3.org/2000/svg'

export const byId = (id: string): HTMLElement => document.getElementById(id)!

/** An element with attributes and children. Texts stay texts: nothing is ever parsed as HTML. */
export function element(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return filled(document.createElement(name), attributes, children)
}

export function svg(name: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, name) as SVGElement, attributes, children)
}

function filled<E extends Element>(made: E, attributes: Attributes, children: Child[]): E {
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

export const mark = (text: string, tone: Tone) => element('span', { class: 'mark', 'data-tone': tone }, text)

export const cell = (label: string, ...children: Child[]) => element('td', { 'data-label': label }, ...children)

/** A nought is no news. */
export const number = (label: string, value: number, text = String(value)) =>
  element('td', { 'data-label': label, class: value === 0 ? 'number quiet' : 'number' }, text)

export const quiet = (text: string) => element('span', { class: 'quiet' }, text)

export const remark = (text: string) => element('div', { class: 'quiet' }, text)

export function button(text: string, label: string, press: (pressed: HTMLButtonElement) => void): HTMLButtonElement {
  const made = element('button', { type: 'button', 'aria-label': label }, text) as HTMLButtonElement
  made.addEventListener('click', () => press(made))
  return made
}

/** Sets a text only where it is another: a screen reader would say the same text anew. */
export function setText(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text
}

/** Rows that stay as they are while what they show stays the same, with the focus and the selection in them. */
export class Rows {
  readonly #place: HTMLElement
  readonly #rows = new Map<string, { shows: string; row: HTMLElement }>()

  constructor(place: HTMLElement) {
    this.#place = place
  }

  show<T>(
    items: T[],
    keyOf: (item: T) => string,
    shownOf: (item: T) => unknown,
    rowOf: (item: T) => HTMLElement,
  ): void {
    const keys = new Set(items.map(keyOf))
    for (const [key, { row }] of this.#rows) {
      if (keys.has(key)) continue
      row.remove()
      this.#rows.delete(key)
    }
    for (const [at, item] of items.entries()) {
      const key = keyOf(item)
      const shows = JSON.stringify(shownOf(item))
      const known = this.#rows.get(key)
      if (known?.shows !== shows) {
        const row = rowOf(item)
        known?.row.remove()
        this.#rows.set(key, { shows, row })
      }
      const { row } = this.#rows.get(key)!
      if (this.#place.children[at] !== row) this.#place.insertBefore(row, this.#place.children[at] ?? null)
    }
  }
}
