// The pages under the soak's hands, and what each of them may say at which time.

/** A page with a version, so that every save is told from the one before. */
export function pageText(slot, version, packages) {
  return `import { useState } from 'react'
${packages.map(({ name }, at) => `import { useLate as useLate${at} } from '${name}'`).join('\n')}

export default function Page({ note = '' }: { note?: string }) {
  const [title] = useState('slot ${slot} version ${version}')
  const says: string[] = [${packages.map((_, at) => `useLate${at}()`).join(', ')}]
  return <main><h1>{title}</h1><p>{says.join(', ')}</p><i>{note}</i></main>
}
`
}

export function pageBody(slot, version, packages, note = '') {
  const says = packages.map(({ says }) => says).join(', ')
  return `<main><h1>slot ${slot} version ${version}</h1><p>${says}</p><i>${note}</i></main>`
}

/** One page's history. Between a save and the moment it was first shown, the version before is right as well. */
export class Slot {
  number
  packages = []
  version = 0
  #shown = []
  /** When the page was meant to fail, and why. */
  #broken = []

  constructor(number) {
    this.number = number
  }

  get isHome() {
    return this.number === 0
  }

  get file() {
    return this.isHome ? 'src/home.tsx' : `src/pages/slot-${this.number}.tsx`
  }

  get path() {
    return this.isHome ? '/' : `/page/${this.number}`
  }

  /** A version is about to be saved. */
  saving(packages, now) {
    this.packages = packages
    this.version++
    this.#shown.push({ version: this.version, packages, from: now, until: Infinity })
    return pageText(this.number, this.version, packages)
  }

  /** The newest version has been seen: whoever asks from now on has to see it, too. */
  confirmed(now) {
    for (const shown of this.#shown) if (shown.version < this.version) shown.until = Math.min(shown.until, now)
    for (const broken of this.#broken) broken.until = Math.min(broken.until, now)
    // Nobody asks for longer than this.
    this.#shown = this.#shown.filter(({ until }) => until > now - 120_000)
    this.#broken = this.#broken.filter(({ until }) => until > now - 120_000)
  }

  /** From now on, and until the next version is shown, it may fail. */
  breaking(why, now) {
    this.#broken.push({ why, from: now, until: Infinity })
  }

  /** The bodies that are right for who asked from `from` to `until`. */
  bodies({ from, until }, note) {
    const during = (shown) => shown.from <= until && shown.until >= from
    return this.#shown.filter(during).map(({ version, packages }) => pageBody(this.number, version, packages, note))
  }

  newestBody() {
    return pageBody(this.number, this.version, this.packages)
  }

  /** Why a failure was meant, if it was. */
  excuseOf = ({ from, until }) => {
    return this.#broken.find((broken) => broken.from <= until && broken.until >= from)?.why
  }
}
