// What a page written in Svelte shows, and what comes late to it.

/** A page with a number, and with what the given spare dependencies say; as `draft` of tests/e2e/lib/drafts.mjs, for Svelte. */
export function svelteDraft(number, deps = []) {
  const lines = [
    '<script>',
    ...deps.flatMap(({ imports, setup }) => [imports, setup]).filter(Boolean),
    '</script>',
    '',
    '<main>',
    `  <h1>draft ${number}</h1>`,
    ...deps.map(({ content }) => `  <div>${content}</div>`),
    '</main>',
  ]
  return { source: `${lines.join('\n')}\n`, expects: [`<h1>draft ${number}</h1>`, ...deps.map(({ expect }) => expect)] }
}

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
