import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunnableDevEnvironment, createServer } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { keepState } from './keep-state.js'

type Runner = RunnableDevEnvironment['runner']

/** An app that keeps its `state.js`, and the runner of its server's environment. */
async function startApp(files: Record<string, string>): Promise<{ root: string; runner: Runner }> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-keep-state-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, code] of Object.entries(files)) writeFileSync(join(root, name), code)
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, ws: false },
    plugins: [keepState({ modules: ['./state.js'] })],
  })
  onTestFinished(() => server.close())
  return { root, runner: (server.environments['ssr'] as RunnableDevEnvironment).runner }
}

/** What the kept module exports, before a reload of the server's environment and after it. */
async function exportsOf(code: string) {
  const other = 'export const inner = {}\nexport default {}\n'
  const { runner } = await startApp({ 'state.js': code, 'other.js': other })
  const before = await runner.import('/state.js')
  runner.clearCache()
  return { before, after: await runner.import('/state.js') }
}

test.for([
  ['variables', 'export const a = {}, b = {}', ['a', 'b']],
  ['a function and a class', 'export function f() {}\nexport class C {}', ['C', 'f']],
  ['a default', 'export default {}', ['default']],
  [
    'the properties of an object',
    'export const { a, b: { c }, d = {}, ...rest } = { b: { c: {} } }',
    ['a', 'c', 'd', 'rest'],
  ],
  ['the elements of an array', 'export const [a, , [b], ...rest] = [{}, {}, [{}], {}]', ['a', 'b', 'rest']],
  ['a reserved word', 'const a = {}\nexport { a as delete }', ['delete']],
  ['a string', "const a = {}\nexport { a as 'a-b' }", ['a-b']],
  ['another module under a name', "export * as other from './other.js'", ['other']],
  ['what another module exports', "export { inner, default } from './other.js'", ['default', 'inner']],
  ['what is called as nothing else may be', 'export const state = {}, e0 = {}', ['e0', 'state']],
] as const)('a module that exports %s is kept', async ([, code, names]) => {
  const { before, after } = await exportsOf(code)
  expect(Object.keys(before).toSorted()).toEqual(names)
  for (const name of names) expect(after[name], name).toBe(before[name])
})

test('a file that is there later is kept from then on', async () => {
  const { root, runner } = await startApp({ 'page.js': 'export const page = 1\n' })
  await expect(runner.import('/page.js')).rejects.toThrow('cannot be found')
  writeFileSync(join(root, 'state.js'), 'export const state = {}\n')
  runner.clearCache()
  expect(await runner.import('/page.js')).toMatchObject({ page: 1 })
  const { state } = await runner.import('/state.js')
  runner.clearCache()
  expect((await runner.import('/state.js')).state).toBe(state)
})

test('a module that does not name what it exports is refused, with what to do', async () => {
  await expect(exportsOf("export * from './other.js'")).rejects.toThrow(
    "keepState(): replace `export *` in this module by its names: `export { a, b } from '…'`",
  )
})
