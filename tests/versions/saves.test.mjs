// Saves that bring a late dependency, on each stack as a user has it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { spareDeps } from '../apps/pages/table.mjs'
import { draft, openSession, shows } from '../e2e/lib/drafts.mjs'
import { openStack, runs } from './lib/stacks.mjs'

const spare = (name) => spareDeps.find(({ dep }) => dep === name)

describe('saves that bring a late dependency are answered right', () => {
  for (const run of runs.filter(({ cloudflare }) => cloudflare)) {
    test(run.title, async () => {
      const stack = await openStack(run)
      let session
      try {
        session = await openSession('worker', { stack })
        for (const [at, name] of ['valtio', 'use-debounce', 'react-error-boundary'].entries()) {
          const next = draft(at + 1, [spare(name)])
          const { answer } = await session.changeAndAsk(() => session.save(next), { delay: () => pause([0, 50, 200][at]) })
          // A request that is faster than the file watcher may still show what was there before.
          assert.ok(shows(next, answer) || shows(session.shown, answer), `${answer.status} ${answer.text.slice(0, 500)}`)
          await session.comesTo(next)
        }
      } finally {
        await session?.close()
        await stack.remove()
      }
    })
  }
})
