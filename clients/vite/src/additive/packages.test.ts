import { describe, expect, test } from 'vitest'
import { Groups, normalizePath, packageNamed, packageOf } from './packages.js'

test('the package of a module is told on every system', () => {
  const table = [
    ['/app/node_modules/react/index.js', { name: 'react', folder: '/app/node_modules/react' }],
    ['/app/node_modules/@a/b/c.js?v=1', { name: '@a/b', folder: '/app/node_modules/@a/b' }],
    [
      '/app/node_modules/.pnpm/a@1/node_modules/b/c.js',
      { name: 'b', folder: '/app/node_modules/.pnpm/a@1/node_modules/b' },
    ],
    ['/app/node_modules/a/node_modules/b/c.js', { name: 'b', folder: '/app/node_modules/a/node_modules/b' }],
    ['C:\\app\\node_modules\\@a\\b\\c.js', { name: '@a/b', folder: 'C:/app/node_modules/@a/b' }],
    ['/app/packages/own/index.js', undefined],
    ['\0virtual:module', undefined],
    ['\0rolldown/empty.js?/app/node_modules/a/b.js', undefined],
  ] as const
  for (const [id, wanted] of table) expect(packageOf(id), id).toEqual(wanted)
})

test('a file is called as Vite calls it', () => {
  const table = [
    ['C:\\app\\src\\index.js', 'C:/app/src/index.js'],
    ['c:/app\\src/index.js', 'c:/app/src/index.js'],
    ['\\\\server\\app\\index.js', '//server/app/index.js'],
    ['/app/src/a\\b.js', '/app/src/a\\b.js'],
    ['\0virtual:a\\b', '\0virtual:a\\b'],
  ] as const
  for (const [path, wanted] of table) expect(normalizePath(path), path).toBe(wanted)
})

test('the package that an import names', () => {
  const table = [
    ['react', 'react'],
    ['react/jsx-runtime', 'react'],
    ['@a/b', '@a/b'],
    ['@a/b/c', '@a/b'],
    ['./react', undefined],
    ['/react', undefined],
    ['node:fs', undefined],
    ['#internal', undefined],
  ] as const
  for (const [specifier, wanted] of table) expect(packageNamed(specifier), specifier).toBe(wanted)
})

describe('packages share a chunk', () => {
  const groupsOf = (entries: string[], imports: Array<[string, string]>) => {
    const groups = new Groups(entries)
    for (const [importer, imported] of imports) groups.sawImport(importer, imported)
    return (name: string) => groups.of(name)
  }

  test('that only one entry needs, however far away', () => {
    const of = groupsOf(
      ['antd'],
      [
        ['antd', 'rc-a'],
        ['antd', 'rc-b'],
        ['rc-a', 'rc-util'],
        ['rc-b', 'rc-util'],
      ],
    )
    expect(['antd', 'rc-a', 'rc-b', 'rc-util'].map(of)).toEqual(['antd', 'antd~needs', 'antd~needs', 'antd~needs'])
  })

  test('but not those that two entries need', () => {
    const of = groupsOf(
      ['a', 'b'],
      [
        ['a', 'shared'],
        ['b', 'shared'],
        ['a', 'own'],
      ],
    )
    expect(['a', 'b', 'own', 'shared'].map(of)).toEqual(['a', 'b', 'a~needs', 'shared'])
  })

  test('that import each other', () => {
    const of = groupsOf(
      ['a'],
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'b'],
        ['c', 'a'],
      ],
    )
    expect([of('b'), of('c')]).toEqual(['a', 'a'])
  })

  test('unless it would hold stubs alone: those join the package that needs them', () => {
    const withStub = (bundled: string[]) => {
      const groups = new Groups(['zustand'])
      for (const name of bundled) groups.sawModule(name)
      groups.sawStub('react')
      for (const name of bundled) groups.sawImport(name, 'react')
      groups.sawImport('zustand', 'use-sync-external-store')
      return groups.of('react')
    }
    expect(withStub(['zustand'])).toBe('zustand')
    expect(withStub(['zustand', 'use-sync-external-store'])).toBe('zustand~needs')
  })
})
