// Vitest's browser mode with a cold cache. Vite meets the dependencies of one test file after the other; on the bare stack it
// reloads the tests that are running. Where runs add, every test passes the first time.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { newCacheDir } from './lib/app.mjs'
import { defaults } from './lib/guarded.mjs'
import { nodeBin } from './lib/paths.mjs'

const folder = fileURLToPath(new URL('../additive', import.meta.url))
const reloaded = /unexpectedly reloaded/

test('without Evenkeel Vite reloads the tests', async () => {
  const { printed } = await vitest({})
  assert.match(printed, reloaded, 'this shows nothing on a stack that is right by itself')
})

test('with Evenkeel every test passes in the first run', async () => {
  const { code, printed } = await vitest(defaults())
  assert.equal(code, 0, printed)
  assert.doesNotMatch(printed, reloaded)
  assert.match(printed, /Tests {2}7 passed \(7\)/)
})

async function vitest(env) {
  const cacheDir = await newCacheDir()
  const command = [path.join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--root', path.join(folder, 'vitest')]
  const options = { cwd: path.join(folder, 'vitest'), timeout: 180_000, env: { ...process.env, NO_COLOR: '1', ...env, CACHE_DIR: cacheDir } }
  try {
    return await new Promise((resolve) => {
      execFile(nodeBin, command, options, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, printed: stdout + stderr }))
    })
  } finally {
    await rm(cacheDir, { recursive: true, force: true })
  }
}
