// Cold starts of Astro on workerd crash now and then on the bare stack: a discovery meets runners that are being initialized. With
// Evenkeel none fails, and the first request is right. `COLD_STARTS=20` makes more of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draft, shows } from '../e2e/lib/drafts.mjs'
import { visit } from '../e2e/lib/visit.mjs'
import { openHost } from './lib/measure.mjs'

const starts = Number(process.env.COLD_STARTS ?? 3)

for (let start = 1; start <= starts; start++) {
  test(`cold start ${start} of Astro comes about, and its first answer is right`, async (t) => {
    const { app, close } = await openHost('astro', { EVENKEEL_OPTIONS: '{}' })
    try {
      const first = await visit(app, '/')
      t.diagnostic(`ready in ${app.readyMs} ms, answered in ${first.ms} ms`)
      assert.ok(shows(draft(0), first), `${first.status} ${first.text.slice(0, 500)}\n${app.log()}`)
    } finally {
      await close()
    }
  })
}
