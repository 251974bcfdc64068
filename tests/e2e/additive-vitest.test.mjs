// Vitest's browser mode with a cold cache. Vite meets the dependencies of one test file after the other; on the bare stack it
// reloads the tests that are running. Where runs add, every test passes the first time.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { newCacheDir } from './lib/app.mjs'
import { defaults } from './lib/guarded.mjs'
import { nodeBin } from './lib/paths.mjs'
import { endWithUs, killGroup } from './lib/process-group.mjs'

const folder = fileURLToPath(new URL('../additive', import.meta.url))
const reloaded = /unexpectedly reloaded/

test('without Evenkeel Vite reloads the tests', async () => {
  const { printed } = await vitest({}, { endsWith: reloaded })
  assert.match(printed, reloaded, 'this shows nothing on a stack that is right by itself')
})

test('with Evenkeel every test passes in the first run', async () => {
  const { code, printed } = await vitest(defaults())
  assert.equal(code, 0, printed)
  assert.doesNotMatch(printed, reloaded)
  assert.match(printed, /Tests {2}7 passed \(7\)/)
})

/** What has been seen need not be waited for: a run that `endsWith` words is ended by them. */
async function vitest(env, { endsWith } = {}) {
  const cacheDir = await newCacheDir()
  const command = [path.join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--root', path.join(folder, 'vitest')]
  const options = { cwd: path.join(folder, 'vitest'), detached: true, env: { ...process.env, NO_COLOR: '1', ...env, CACHE_DIR: cacheDir } }
  const child = endWithUs(spawn(nodeBin, command, options))
  const timer = setTimeout(killGroup, 180_000, child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text
      if (endsWith?.test(printed)) killGroup(child)
    })
  }
  try {
    const [code] = await once(child, 'close')
    return { code, printed }
  } finally {
    clearTimeout(timer)
    await rm(cacheDir, { recursive: true, force: true })
  }
}
