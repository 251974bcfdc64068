import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { editConfig } from './config-edit.js'
import type { Sidecar } from './sidecar.js'

const CONFIG = 'export default {}\n'

test.for([
  ['adds', { config: 'export default { optimizeDeps: {} }\n' }, true, 'Vite restarts'],
  ['has nothing to add', { config: CONFIG }, false, 'has them already'],
  ['is gone', undefined, false, 'The sidecar does not answer'],
] as const)('a sidecar that %s', async ([, answer, done, text]) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-config-edit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'vite.config.js')
  writeFileSync(file, CONFIG)
  const sidecar = { request: () => Promise.resolve(answer) } as unknown as Sidecar
  const edited = await editConfig(file, [{ environment: 'ssr', dependencies: ['zod'] }], sidecar)
  expect(edited).toEqual({ done, text: expect.stringContaining(text) })
  expect(readFileSync(file, 'utf8')).toBe(done ? answer?.config : CONFIG)
})
