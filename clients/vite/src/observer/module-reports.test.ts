import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'vite'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Sidecar } from '../sidecar.js'
import { ModuleReports } from './module-reports.js'

test("what is to be transformed ahead when the server is closed is nobody's error", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-module-reports-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'page.js'), '')
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, ws: false },
  })
  const observe = vi.fn()
  const { client } = server.environments
  const reports = new ModuleReports(client, { observe } as unknown as Sidecar, () => {})
  await server.close()
  // Vite throws before there is a promise.
  await reports.crawl('/page.js', true)
  expect(() => reports.warm(['/page.js'])).not.toThrow()
  expect(observe).toHaveBeenLastCalledWith('client', { kind: 'warmup', moment: 'end', module: '/page.js' })
})
