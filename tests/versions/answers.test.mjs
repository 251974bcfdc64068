// What a user of each stack is promised: first answers that are right, a line in the terminal and a record for each
// re-optimization that was met, a list of what was learned, and saves that bring a late dependency.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { getPages, postPages, spareDeps } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { evenkeel } from '../e2e/lib/command.mjs'
import { draft, openSession, shows } from '../e2e/lib/drafts.mjs'
import { adding, guarded } from '../e2e/lib/guarded.mjs'
import { reloads } from '../e2e/lib/log.mjs'
import { until } from '../e2e/lib/waiting.mjs'
import { isRight, visitAll } from '../e2e/lib/visit.mjs'
import { openStack, runs } from './lib/stacks.mjs'

const environment = 'evenkeel_fixture_worker'
const latePages = [...getPages.slice(0, 5), ...postPages.slice(0, 2)]
const spare = (name) => spareDeps.find(({ dep }) => dep === name)

for (const run of runs.filter(({ cloudflare }) => cloudflare)) {
  describe(run.title, () => {
    let stack
    before(async () => {
      stack = await openStack(run)
    })
    after(() => stack?.remove())

    describe('without foresight', () => {
      let session
      let status
      before(async () => {
        session = await openSession('worker', { stack, env: guarded() })
      })
      after(() => session?.close())

      test('every first answer is right', async () => {
        const results = await visitAll(session.server, latePages)
        const wrong = results.filter((result) => !isRight(result.page, result))
        assert.deepEqual(wrong.map(({ page, status, text }) => [page.path, status, text.slice(0, 300)]), [], session.server.log())
        assert.ok(results.some(({ redirects }) => redirects > 0), 'nothing was late: this shows nothing')
      })

      test('what was late has records that name it and who imported it', async () => {
        await until('all is stable', async () => {
          const { stdout } = await evenkeel('status', '--json', '--root', session.root)
          status = JSON.parse(stdout)
          return status.quiescent
        })
        const late = status.records.filter((record) => record.environment === environment).flatMap(({ dependencies }) => dependencies)
        const named = new Map(late.map(({ id, importer }) => [id, importer && path.basename(importer.file)]))
        const expected = latePages.map(({ dep, module }) => [dep, path.basename(module)])
        assert.deepEqual(expected.filter(([dep, file]) => named.get(dep) !== file), [], JSON.stringify(status.records))
        assert.ok(status.records.some(({ outcome, recovered }) => outcome === 'reloaded' && recovered > 0))
      })

      test('the terminal has a line for each record that was met', () => {
        const met = status.records.filter(({ environment: of, recovered }) => of === environment && recovered > 0)
        const lines = session.server.log().split('\n').filter((line) => line.includes(`[evenkeel] ${environment}: re-optimized in `))
        assert.ok(met.length > 0 && lines.length >= met.length, session.server.log())
      })

      test('what was late is remembered', async () => {
        const learned = JSON.parse(await readFile(path.join(session.cacheDir, 'evenkeel.deps.json'), 'utf8'))
        assert.deepEqual(latePages.filter(({ dep }) => !(dep in learned[environment])), [])
      })
    })

    test('where runs add, every first answer is right, and nothing reloads', async () => {
      const server = await startApp({ stack, env: adding() })
      try {
        const results = await visitAll(server, latePages)
        const wrong = results.filter((result) => !isRight(result.page, result) || result.redirects > 0)
        assert.deepEqual(wrong.map(({ page, status, text }) => [page.path, status, text.slice(0, 300)]), [], server.log())
        assert.equal(reloads(server.log()), 0, server.log())
      } finally {
        await server.stop()
      }
    })

    test('saves that bring a late dependency are answered right', async () => {
      const session = await openSession('worker', { stack })
      try {
        for (const [at, name] of ['valtio', 'use-debounce', 'react-error-boundary'].entries()) {
          const next = draft(at + 1, [spare(name)])
          const { answer } = await session.changeAndAsk(() => session.save(next), { delay: () => pause([0, 50, 200][at]) })
          // A request that is faster than the file watcher may still show what was there before.
          assert.ok(shows(next, answer) || shows(session.shown, answer), `${answer.status} ${answer.text.slice(0, 500)}`)
          await session.comesTo(next)
        }
      } finally {
        await session.close()
      }
    })
  })
}
