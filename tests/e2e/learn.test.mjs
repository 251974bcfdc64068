// What one session meets late, the next cold start knows: Vite forgets its dependencies with its cache whenever the lockfile
// changes, Evenkeel does not. Without foresight here, so that nothing but the memory is what helps.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { LearnedDeps } from '../../clients/vite/dist/learned.js'
import { getPages, keyOf, latePages } from '../apps/pages/table.mjs'
import { copyApp, newCacheDir, startApp } from './lib/app.mjs'
import { guarded } from './lib/guarded.mjs'
import { reloads, saveLine, trouble } from './lib/log.mjs'
import { until } from './lib/waiting.mjs'
import { isRight, visitAll } from './lib/visit.mjs'

const name = 'evenkeel.deps.json'
const environment = 'evenkeel_fixture_worker'

describe('the next cold start meets nothing late', () => {
  const ways = {
    'without the folders of the optimizer': ({ cacheDir }) => forgetDeps(cacheDir),
    'with another lockfile': ({ root }) => writeLockfile(root, 'another'),
    'without the cache, but with the file that the team has committed': ({ cacheDir }) => rm(cacheDir, { recursive: true }),
  }
  let project
  before(async () => {
    project = await newProject()
    const results = await project.session(latePages, { learn: true })
    assert.ok(results.late > 0, 'nothing was late: these tests show nothing')
  })
  after(() => project?.remove())

  test('both files hold what every page imports, sorted, with importers relative to the root', async () => {
    const expected = latePages.map(({ dep, module }) => [dep, `../pages/${module}`]).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const folder of [project.root, project.cacheDir]) {
      const text = await readFile(path.join(folder, name), 'utf8')
      assert.equal(text, `${JSON.stringify({ [environment]: Object.fromEntries(expected) }, undefined, 2)}\n`)
    }
  })

  for (const [way, forget] of Object.entries(ways)) {
    test(way, async () => {
      await forget(project)
      const { wrong, redirects, reloaded, printed } = await project.session(latePages, { learn: true })
      assert.deepEqual({ wrong, redirects, reloaded }, { wrong: [], redirects: 0, reloaded: 0 }, printed)
      assert.deepEqual(trouble(printed), [])
      assert.ok(!saveLine.test(printed), `the file that is written is nobody's module:\n${printed}`)
    })
  }

  test('without the files it does', async () => {
    await rm(project.cacheDir, { recursive: true })
    await rm(path.join(project.root, name))
    const { late } = await project.session(getPages)
    assert.ok(late > 0)
    await assert.rejects(stat(path.join(project.root, name)), { code: 'ENOENT' }, 'and the root is written to by request only')
  })
})

test('where runs add, the next cold start has nothing to add', async () => {
  const project = await newProject()
  try {
    const adds = /\[evenkeel\] .*: added /
    const first = await project.session(getPages, { additive: true })
    assert.match(first.printed, adds, 'nothing was late: this shows nothing')
    await forgetDeps(project.cacheDir)
    const second = await project.session(getPages, { additive: true })
    assert.doesNotMatch(second.printed, adds)
    for (const { wrong, redirects, reloaded } of [first, second]) {
      assert.deepEqual({ wrong, redirects, reloaded }, { wrong: [], redirects: 0, reloaded: 0 })
    }
  } finally {
    await project.remove()
  }
})

describe('what is no longer true', () => {
  let project
  before(async () => {
    project = await newProject()
  })
  after(() => project?.remove())

  test('is dropped from the file at the next cold start', async () => {
    const file = path.join(project.cacheDir, name)
    const remembered = {
      zod: '../pages/get/zod.tsx',
      'its-importer-is-gone': 'src/gone.tsx',
      mitt: 'src/draft.tsx',
      'no-such-package': null,
      klona: null,
    }
    await writeFile(file, JSON.stringify({ [environment]: remembered }))
    const { wrong, printed } = await project.session(latePages.slice(0, 1))
    assert.deepEqual(wrong, [])
    assert.deepEqual(trouble(printed), [])
    const left = JSON.parse(await readFile(file, 'utf8'))
    assert.deepEqual(left, { [environment]: { klona: null, zod: '../pages/get/zod.tsx' } })
  })

  test('two files that are not what they should be are left alone, each with one warning', async () => {
    const files = { [path.join(project.cacheDir, name)]: '{', [path.join(project.root, name)]: '[]\n' }
    for (const [file, text] of Object.entries(files)) await writeFile(file, text)
    await forgetDeps(project.cacheDir)
    const { wrong, late, printed } = await project.session(getPages.slice(0, 4), { learn: true })
    assert.deepEqual(wrong, [])
    assert.ok(late > 0, 'something was late that could have been written')
    for (const [file, text] of Object.entries(files)) {
      const shown = file.startsWith(`${project.root}/`) ? path.relative(project.root, file) : file
      const warnings = printed.split('\n').filter((line) => line.includes(`[evenkeel] ${shown} is not used: `))
      assert.equal(warnings.length, 1, printed)
      assert.match(warnings[0], /Correct it or delete it\.$/)
      assert.equal(await readFile(file, 'utf8'), text)
    }
  })
})

describe('the file', () => {
  const folders = []
  afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))))

  /** What is remembered of a project that has only files. */
  async function memory({ before, learn = false, sources = {} } = {}) {
    const root = await mkdtemp(path.join(tmpdir(), 'evenkeel-learn-'))
    folders.push(root)
    const cacheDir = path.join(root, 'cache')
    await mkdir(cacheDir)
    const file = path.join(cacheDir, name)
    if (before !== undefined) await writeFile(file, before)
    for (const [source, text] of Object.entries(sources)) await writeFile(path.join(root, source), text)
    const warnings = []
    const log = { info() {}, warn: (message) => warnings.push(message) }
    const open = () => new LearnedDeps(root, cacheDir, learn, log)
    const late = (id, importer) => (importer ? { id, importer: { file: path.join(root, importer), line: 1 } } : { id })
    return { root, file, warnings, open, late, learned: open() }
  }

  test('says the same in whatever order things were met', async () => {
    const texts = []
    for (const ids of [['b', '@a/c', 'a'], ['a', 'b', '@a/c']]) {
      const { learned, late, file } = await memory()
      learned.add('worker', ids.slice(0, 1).map((id) => late(id)))
      learned.add('ssr', [late('a', 'a.ts')])
      learned.add('worker', ids.slice(1).map((id) => late(id)))
      texts.push(await readFile(file, 'utf8'))
    }
    assert.equal(texts[0], texts[1])
    assert.deepEqual(Object.keys(JSON.parse(texts[0])), ['ssr', 'worker'])
    assert.deepEqual(Object.keys(JSON.parse(texts[0]).worker), ['@a/c', 'a', 'b'])
  })

  test('is not written when there is nothing new', async () => {
    const { learned, late, file } = await memory()
    learned.add('worker', [late('a')])
    await rm(file)
    learned.add('worker', [late('a')])
    learned.forget('worker', 'never-met')
    await assert.rejects(stat(file), { code: 'ENOENT' })
  })

  test('no half of it is ever left behind', async () => {
    const { learned, late, file } = await memory()
    learned.add('worker', [late('a')])
    assert.deepEqual(await readdir(path.dirname(file)), [name])
  })

  test('may have another name', async () => {
    const { root, learned, late } = await memory({ learn: 'config/late.json' })
    learned.add('worker', [late('a')])
    assert.deepEqual(JSON.parse(await readFile(path.join(root, 'config/late.json'), 'utf8')), { worker: { a: null } })
  })

  test('has no importer to be checked against where the import is not in a file', async () => {
    const { root, learned, file } = await memory({ sources: { 'page.tsx': '<p />' } })
    const page = path.join(root, 'page.tsx')
    learned.add('worker', [
      { id: 'added-by-a-plugin', importer: { file: page } },
      { id: 'of-a-virtual-module', importer: { file: 'virtual:pages', line: 1 } },
    ])
    const remembered = { worker: { 'added-by-a-plugin': null, 'of-a-virtual-module': null } }
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), remembered)
  })

  const imports = [
    ["import x from 'x'", true],
    ["import x from 'xy'", false],
    ["import { z } from 'other'\n// x", false],
    ['export * from "x"', true],
    ["const x = await import('x')", true],
    ["import x from 'x/sub'", false],
  ]
  for (const [source, isKept] of imports) {
    test(`${JSON.stringify(source)} ${isKept ? 'is' : 'is not'} an import of x`, async () => {
      const { open, file } = await memory({ sources: { 'a.ts': source }, before: '{"worker":{"x":"a.ts"}}' })
      assert.equal(open().of('worker').length, isKept ? 1 : 0)
      assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { worker: isKept ? { x: 'a.ts' } : {} })
    })
  }

  const malformed = ['', '{', '[]', 'null', '"worker"', '{"worker":5}', '{"worker":["zod"]}', '{"worker":{"zod":5}}']
  for (const text of malformed) {
    test(`with ${JSON.stringify(text)} in it is not used and not overwritten`, async () => {
      const { learned, late, file, warnings } = await memory({ before: text })
      assert.deepEqual(learned.of('worker'), [])
      learned.add('worker', [late('a')])
      assert.equal(await readFile(file, 'utf8'), text)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0], /evenkeel\.deps\.json is not used: .+\. Correct it or delete it\.$/)
    })
  }
})

/** A copy of an app with a lockfile and a cache of its own. */
async function newProject() {
  const { root, remove } = await copyApp('worker')
  const cacheDir = await newCacheDir()
  await writeLockfile(root, 'first')
  return {
    root,
    cacheDir,
    remove: () => Promise.all([remove(), rm(cacheDir, { recursive: true, force: true })]),

    /** One run of the server, in which some pages are visited. */
    async session(pages, options) {
      const server = await startApp({ root, cacheDir, env: guarded(options) })
      try {
        const results = await visitAll(server, pages)
        const wrong = results.filter((result) => !isRight(result.page, result)).map(({ page }) => keyOf(page))
        const redirects = results.reduce((sum, result) => sum + result.redirects, 0)
        const reloaded = reloads(server.log())
        if ((reloaded > 0 || options?.additive) && !/is not used/.test(server.log())) await remembers(path.join(cacheDir, name), pages)
        return { wrong, redirects, reloaded, late: reloaded, printed: server.log() }
      } finally {
        await server.stop()
      }
    },
  }
}

/** The sidecar tells of what was late behind the commit, which no request waits for. */
async function remembers(file, pages) {
  const all = async () => {
    const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))[environment] ?? {}
    return pages.every(({ dep }) => dep in known)
  }
  await until('everything late is remembered', all)
}

/** Where Vite looks first, going up from the root. */
async function writeLockfile(root, content) {
  await mkdir(path.join(root, 'node_modules'), { recursive: true })
  await writeFile(path.join(root, 'node_modules/.package-lock.json'), JSON.stringify({ name: content }))
}

async function forgetDeps(cacheDir) {
  for (const folder of await readdir(cacheDir)) {
    if (folder.startsWith('deps')) await rm(path.join(cacheDir, folder), { recursive: true })
  }
}
