import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DevEnvironment, createServer } from 'vite'
import { expect, test } from 'vitest'
import { RunnerCopies } from './runner-copies.js'

/** As a user makes one: it changes the code that runners get. */
class Instrumented extends DevEnvironment {
  override async fetchModule(...args: Parameters<DevEnvironment['fetchModule']>) {
    const result = await super.fetchModule(...args)
    return 'code' in result ? { ...result, code: `/* instrumented */ ${result.code}` } : result
  }
}

async function copiesOf(onTestFinished: (done: () => Promise<void>) => void) {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-copies-'))
  writeFileSync(join(root, 'counter.js'), 'export const counter = {}')
  const server = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    server: { middlewareMode: true, ws: false, watch: null },
    environments: {
      own: { dev: { createEnvironment: (name, config) => new Instrumented(name, config, { hot: false }) } },
    },
  })
  onTestFinished(async () => {
    await server.close()
    rmSync(root, { recursive: true })
  })
  const environment = server.environments.own as DevEnvironment
  const copies = new RunnerCopies(environment)
  const fetchModule = environment.fetchModule.bind(environment)
  const fetch = (importer: string) => copies.fetch(fetchModule, ['/counter.js', importer, { cached: true }])
  return { environment, fetch }
}

test('a module is handed out once, whatever an environment of its own makes of its code', async ({
  onTestFinished,
}) => {
  const { fetch } = await copiesOf(onTestFinished)
  expect(await fetch('/one.js')).toMatchObject({ code: expect.stringContaining('instrumented') })
  expect(await fetch('/two.js')).toEqual({ cache: true })
})

test('what a crawl has transformed anew is handed out again', async ({ onTestFinished }) => {
  const { environment, fetch } = await copiesOf(onTestFinished)
  await fetch('/one.js')
  environment.moduleGraph.invalidateAll()
  await environment.transformRequest('/counter.js')
  expect(await fetch('/two.js')).toMatchObject({ invalidate: true })
})
