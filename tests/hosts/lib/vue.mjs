// What a page written in Vue shows, and what comes late to it.
import { draftIn } from './single-file.mjs'

export const vueDraft = draftIn('<script setup>', (main) => ['<template>', ...main.map((line) => `  ${line}`), '</template>'])

/** Installed and imported by nobody. Each of the later ones shares modules with one before it, so that an optimizer run for it reloads. */
export const vueSpares = [
  {
    imports: "import { useCounter } from '@vueuse/core'",
    setup: 'const { count: counted } = useCounter(42)',
    content: 'core {{ counted }}',
    expect: '<div>core 42</div>',
  },
  {
    imports: "import { useSum } from '@vueuse/math'",
    setup: 'const sum = useSum([40, 2])',
    content: 'math {{ sum }}',
    expect: '<div>math 42</div>',
  },
  {
    imports: "import { Label } from 'reka-ui'",
    content: '<Label>label 42</Label>',
    expect: 'label 42',
  },
  {
    imports: "import { ref } from 'vue'\nimport { useFloating } from '@floating-ui/vue'",
    setup: "const { placement } = useFloating(ref(), ref(), { placement: 'left' })",
    content: 'floating {{ placement }} 42',
    expect: '<div>floating left 42</div>',
  },
]
