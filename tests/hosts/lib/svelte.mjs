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
  // Two components of a library that share one.
  {
    imports: "import Bell from '@lucide/svelte/icons/bell'",
    content: 'bell <Bell size={42} />',
    expect: 'lucide-bell',
  },
  {
    imports: "import { hashKey } from '@tanstack/svelte-query'",
    content: 'hashed {hashKey([42])}',
    expect: '<div>hashed [42]</div>',
  },
  {
    imports: "import Anchor from '@lucide/svelte/icons/anchor'",
    content: 'anchor <Anchor size={42} />',
    expect: 'lucide-anchor',
  },
]
