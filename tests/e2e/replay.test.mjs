// The journal of a real session, saved from outside while the server runs, replays to the same verdicts and the same state.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { latePages, otherMethodPages, spareDeps } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { evenkeel } from './lib/command.mjs'
import { draft, openSession } from './lib/drafts.mjs'
import { defaults, guarded, reloading } from './lib/guarded.mjs'
import { sidecarOfSoon } from './lib/processes.mjs'
import { addToServerComponent, startRwsdk } from './lib/rwsdk.mjs'
import { until } from './lib/waiting.mjs'
import { visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]

for (const [app, how, env] of [
  ['worker', 'with recovery alone', guarded()],
  ['hono', 'with foresight', reloading()],
  ['two-workers', 'where runs add', defaults()],
  ['bridged', 'with recovery alone', guarded()],
]) {
  test(`${app}, ${how}`, async () => {
    const server = await startApp({ app, env })
    try {
      await visitAll(server, pages)
      await replays(server)
    } finally {
      await server.stop()
    }
  })
}

test('saves, and requests that are faster', async () => {
  const session = await openSession('worker')
  try {
    for (const [at, spare] of spareDeps.slice(0, 4).entries()) {
      const next = draft(at + 1, [spare])
      await session.save(next)
      await session.comesTo(next)
    }
    await replays(session.server)
  } finally {
    await session.close()
  }
})

test('RedwoodSDK', async () => {
  const server = await startRwsdk({ env: defaults({ position: 'last' }) })
  try {
    await visit(server, '/')
    await addToServerComponent(server, { dep: 'dayjs', imports: "import dayjs from 'dayjs'", use: '<p>{dayjs(0).year()}</p>' })
    await until('the late dependency shows', async () => /<p>19(69|70)/.test((await visit(server, '/')).text))
    await replays(server)
  } finally {
    await server.stop()
  }
})

async function replays(server) {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-journal-'))
  try {
    const file = path.join(folder, 'journal.jsonl')
    const pid = String(await sidecarOfSoon(server))
    const saved = await evenkeel('events', '--pid', pid, '--save', file)
    assert.equal(saved.code, 0, saved.stderr)
    const { code, stdout, stderr } = await evenkeel('replay', '--json', file)
    assert.equal(code, 0, stdout + stderr)
    const { inputs, whole, differences, records } = JSON.parse(stdout)
    assert.ok(whole && inputs > 20, stdout)
    assert.ok(records.length > 0, 'nothing was re-optimized: this shows nothing')
    assert.deepEqual(differences, [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
