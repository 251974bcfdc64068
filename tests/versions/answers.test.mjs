// What a user of each stack is promised where requests meet late dependencies: first answers that are right, a line in the terminal
// and a record for each re-optimization that was met, and a list of what was learned.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { getPages, postPages } from '../apps/pages/table.mjs'
import { evenkeel } from '../e2e/lib/command.mjs'
import { openSession } from '../e2e/lib/drafts.mjs'
import { guarded } from '../e2e/lib/guarded.mjs'
import { until } from '../e2e/lib/waiting.mjs'
import { isRight, visitAll } from '../e2e/lib/visit.mjs'
import { openStack, runs } from './lib/stacks.mjs'

const environment = 'evenkeel_fixture_worker'
const latePages = [...getPages.slice(0, 3), ...postPages.slice(0, 2)]

for (const run of runs.filter(({ cloudflare }) => cloudflare)) {
  describe(run.title, () => {
    let stack
    let session
    let status
    before(async () => {
      stack = await openStack(run)
      session = await openSession('worker', { stack, env: guarded() })
    })
    after(async () => {
      await session?.close()
      await stack?.remove()
    })

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
}
