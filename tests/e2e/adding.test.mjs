// What the sidecar is told where optimizer runs add, and what it makes of it: nobody is held or asked again, until a run has to
// bundle everything again.
import assert from 'node:assert/strict'
import { readFile, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { newCacheDir, startApp } from './lib/app.mjs'
import { evenkeel } from './lib/command.mjs'
import { adding, defaults } from './lib/guarded.mjs'
import { inodesIn, rewrittenIn } from './lib/inodes.mjs'
import { sidecarOfSoon } from './lib/processes.mjs'
import { isRight, visit, visitAll } from './lib/visit.mjs'

const environment = 'evenkeel_fixture_worker'
const depsIn = (cacheDir) => path.join(cacheDir, `deps_${environment}`)

describe('runs that add', () => {
  let cacheDir, server, results, committed, status
  before(async () => {
    cacheDir = await newCacheDir()
    server = await startApp({ env: adding(), cacheDir })
    const [first, ...others] = latePages
    results = await visitAll(server, [first])
    committed = await inodesIn(depsIn(cacheDir))
    results.push(...(await visitAll(server, others)))
    status = await statusOf(server)
  })
  after(async () => {
    await server?.stop()
    await rm(cacheDir, { recursive: true, force: true })
  })

  test('every first answer is right, and is no redirect', () => {
    assert.deepEqual(results.filter((result) => !isRight(result.page, result) || result.redirects > 0), [])
  })

  test('each has a record that says what was added, and that it has cost nothing', () => {
    const { records, counts, fallbacks, environments } = status
    const dependencies = records.flatMap(({ dependencies }) => dependencies.map(({ id }) => id))
    assert.deepEqual(dependencies.sort(), latePages.map(({ dep }) => dep).sort())
    for (const { met, outcome, bundled, costMs, held, recovered, advice } of records) {
      assert.deepEqual({ met, outcome, kind: bundled?.kind }, { met: 'added', outcome: 'extended', kind: 'added' })
      assert.deepEqual({ costMs, held, recovered, advice }, { costMs: 0, held: 0, recovered: 0, advice: '' })
    }
    const layers = records.map(({ bundled }) => bundled.layer)
    assert.deepEqual(layers, layers.map((_, at) => layers[0] + at))
    assert.deepEqual([counts.added, counts.held, counts.recovered, counts.reloads], [records.length, 0, 0, 0])
    assert.deepEqual(fallbacks, {})
    const { adds, generation, phase } = environments.find(({ name }) => name === environment)
    assert.deepEqual({ adds, generation, phase }, { adds: true, generation: 0, phase: 'stable' })
  })

  test('the log says so', () => {
    assert.match(server.log(), /\[evenkeel\] evenkeel_fixture_worker: added zod \(.+zod\.tsx:\d+\) in \d+ ms, nothing reloaded/)
  })

  test('a package that needs nothing else that is new brings one file beside its entry', async () => {
    const files = await readdir(depsIn(cacheDir))
    for (const dep of ['zustand', 'jotai', 'react-hook-form', 'zod']) {
      const { bundled } = status.records.find(({ dependencies }) => dependencies.some(({ id }) => id === dep))
      const brought = files.filter((file) => file.includes(`-L${bundled.layer}-`) && !/^rolldown-runtime|\.map$/.test(file))
      assert.deepEqual(brought.map((file) => file.split('-L')[0]), [`${dep}~entry`])
    }
  })

  test('no file of a layer and no entry is written once more', async () => {
    assert.ok('react.js' in committed, Object.keys(committed).join(' '))
    assert.deepEqual(await rewrittenIn(depsIn(cacheDir), committed), [])
  })

  test('no two files have the same runtime of the bundler', async () => {
    const folder = depsIn(cacheDir)
    const runtimes = (await readdir(folder)).filter((file) => /^rolldown-runtime.*\.js$/.test(file))
    const contents = await Promise.all(runtimes.map((file) => readFile(path.join(folder, file), 'utf8')))
    assert.notEqual(runtimes.length, 0)
    assert.equal(new Set(contents).size, contents.length, runtimes.join())
  })

  test('a run that falls back is announced, is met as ever, and the next one adds again', async () => {
    await rm(path.join(depsIn(cacheDir), '_evenkeel.json'))
    const [first, second] = otherMethodPages
    assert.ok(isRight(first, await visit(server, first)))
    const fallen = await statusOf(server)
    const record = fallen.records.find(({ dependencies }) => dependencies.some(({ id }) => id === first.dep))
    assert.deepEqual([record.outcome, record.fallback.reason], ['reloaded', 'manifestMissing'])
    assert.deepEqual(fallen.fallbacks, { manifestMissing: 1 })
    const { stdout } = await evenkeel('events', '--pid', String(await sidecarOfSoon(server)))
    assert.match(stdout, /everything is bundled again, the manifest is missing: .*\n(.*\n)*.*: all bundled again, \d+ modules in \d+ ms, with a reload/)

    assert.ok(isRight(second, await visit(server, second)))
    assert.equal((await statusOf(server)).records.at(-1).met, 'added')
  })
})

for (const [what, additive, held] of [['where runs add, the first request waits for no crawl', true, 0], ['elsewhere it does', false, 1]]) {
  test(`behind a cold start: ${what}`, async () => {
    const server = await startApp({ env: defaults({ additive }) })
    try {
      assert.ok(isRight(latePages[0], await visit(server, latePages[0])))
      assert.equal((await statusOf(server)).counts.held, held)
    } finally {
      await server.stop()
    }
  })
}

async function statusOf(server) {
  const { stdout } = await evenkeel('status', '--json', '--pid', String(await sidecarOfSoon(server)))
  return JSON.parse(stdout)
}
