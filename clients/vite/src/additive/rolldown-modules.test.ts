import { initSync } from 'es-module-lexer'
import type { Rolldown } from 'vite'
import { expect, test } from 'vitest'
import { ParsedModules } from './rolldown-modules.js'

initSync()

const info = (id: string, importedIds: string[], more: Partial<Rolldown.ModuleInfo> = {}) =>
  ({
    id,
    importedIds,
    dynamicallyImportedIds: [],
    exports: [],
    inputFormat: 'es',
    ...more,
  }) as unknown as Rolldown.ModuleInfo

test('a module whose imports have all been read is not done while it is not known what it re-exports', async () => {
  let resolve: (resolved: Rolldown.ResolvedId) => void = () => undefined
  const resolved = new Promise<Rolldown.ResolvedId>((resolved) => (resolve = resolved))
  const context = {
    resolve: (id: string) => (id === 'c' ? resolved : Promise.resolve({ id, external: false } as Rolldown.ResolvedId)),
    parse: () => expect.fail('it is parsed'),
  }
  const modules = new ParsedModules(['/a.js'], () => false, false)
  expect(await modules.parsed(context, info('/a.js', ['/b.js', '/c.js'], { isEntry: true }))).toBe(false)
  const barrel = modules.parsed(context, info('/b.js', ['/c.js'], { exports: ['*'], code: "export * from 'c'\n" }))
  expect(await modules.parsed(context, info('/c.js', [], { exports: ['one'] }))).toBe(false)
  resolve({ id: '/c.js', external: false } as Rolldown.ResolvedId)
  expect(await barrel).toBe(true)
  expect(modules.namesOf('/b.js', () => undefined)).toEqual(['one'])
})

test('what is external is not waited for', async () => {
  const context = {
    resolve: (id: string) => Promise.resolve(id === 'node:fs' ? ({ id, external: true } as Rolldown.ResolvedId) : null),
    parse: () => expect.fail('it is parsed'),
  }
  const modules = new ParsedModules(['/a.js'], (id) => id === './written.js?v=1', false)
  const imports = ['node:fs', 'not-installed', './written.js?v=1', '\0rolldown/runtime.js']
  expect(await modules.parsed(context, info('/a.js', imports, { isEntry: true }))).toBe(true)
})
