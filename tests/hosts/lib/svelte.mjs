// What a page written in Svelte shows, and what comes late to it.
import { draftIn } from './single-file.mjs'

export const svelteDraft = draftIn('<script>', (main) => main)

/** Installed and imported by nobody. */
export const svelteSpares = [
  {
    imports: "import { Toaster } from 'svelte-sonner'",
    content: '<Toaster /> toaster 42',
    expect: 'toaster 42',
  },
  {
    imports: "import { atom } from 'nanostores'",
    setup: 'const stored = atom(42)',
    content: 'stored {stored.get()}',
    expect: '<div>stored 42</div>',
  },
  {
    imports: "import { hashKey } from '@tanstack/svelte-query'",
    content: 'hashed {hashKey([42])}',
    expect: '<div>hashed [42]</div>',
  },
  {
    imports: "import { persisted } from 'svelte-persisted-store'",
    content: 'persisted {typeof persisted} 42',
    expect: '<div>persisted function 42</div>',
  },
]
