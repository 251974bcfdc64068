// A cache to which runs add is only as good as what it knows of itself. On any doubt all is bundled again, Vite reloads the page
// once, and what the page then shows is right: of one copy of each package, and of the one that is installed.
import assert from 'node:assert/strict'
import { appendFile, copyFile, cp, mkdir, readFile, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fetchWithDeps } from '../bench/lib/vite-work.mjs'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone } from './lib/guarded.mjs'
import { coreOf, openSmallApp, smallApp, writePackage } from './lib/small-app.mjs'

const manifest = (app) => path.join(app.deps, '_evenkeel.json')
const installed = (app, name) => path.join(app.root, 'node_modules', name)

/** The file of the cache that a package's code is in. */
async function chunk(app, name) {
  const code = name === 'core' ? 'globalThis.cores' : `${name} with core`
  for (const file of await readdir(app.deps)) {
    if (file.endsWith('.js') && (await readFile(path.join(app.deps, file), 'utf8')).includes(code)) return path.join(app.deps, file)
  }
  throw new Error(`no file of the cache has the code of ${name}: the test does not know the cache any more`)
}

async function editManifest(app, edit) {
  await writeFile(manifest(app), JSON.stringify(edit(JSON.parse(await readFile(manifest(app), 'utf8')))))
}

/** What happens to an app, and which version of `core` it has then. */
const doubts = [
  { what: 'the manifest is lost', happens: (app) => rm(manifest(app)) },
  { what: 'the manifest is of another version', happens: (app) => editManifest(app, (index) => ({ ...index, version: 999 })) },
  { what: 'the manifest is half written', happens: (app) => truncate(manifest(app), 40) },
  { what: 'the manifest is empty', happens: (app) => truncate(manifest(app)) },
  { what: 'the description of a layer is lost', happens: (app) => rm(path.join(app.deps, '_evenkeel-L1.json')) },
  { what: 'the description of a layer is half written', happens: (app) => truncate(path.join(app.deps, '_evenkeel-L1.json'), 40) },
  { what: 'a file is missing', happens: async (app) => rm(await chunk(app, 'core')) },
  { what: 'a file is half written', happens: async (app) => truncate(await chunk(app, 'core'), 10) },
  { what: 'a file is edited', happens: async (app) => appendFile(await chunk(app, 'core'), '\n// edited\n') },
  { what: 'an entry is missing', happens: (app) => rm(path.join(app.deps, 'second.js')) },
  { what: 'an entry is edited', happens: (app) => appendFile(path.join(app.deps, 'second.js'), '\n// edited\n') },
  { what: 'a file has the content of another one', happens: async (app) => copyFile(await chunk(app, 'second'), await chunk(app, 'core')) },
  { what: 'a package is updated', happens: (app) => app.install('core', '2.0.0'), core: '2.0.0' },
  {
    what: 'a package is patched in place, as patch-package does',
    async happens(app) {
      await writeFile(path.join(installed(app, 'core'), 'index.js'), coreOf('1.0.0 patched'))
      await mkdir(path.join(app.root, 'patches'))
      await writeFile(path.join(app.root, 'patches/core+1.0.0.patch'), '')
    },
    core: '1.0.0 patched',
  },
  {
    what: 'a package is linked elsewhere',
    async happens(app) {
      const elsewhere = path.join(app.root, 'elsewhere/node_modules/core')
      await mkdir(path.dirname(elsewhere), { recursive: true })
      await rename(installed(app, 'core'), elsewhere)
      await symlink(elsewhere, installed(app, 'core'))
      await writeFile(path.join(elsewhere, 'index.js'), coreOf('1.0.0 linked'))
    },
    core: '1.0.0 linked',
  },
  {
    what: 'a package finds another one than before',
    async happens(app) {
      await writePackage(installed(app, 'first'), 'core', '1.5.0', coreOf('1.0.0'))
      await app.installationIs('with another core for first')
    },
    cores: ['1.0.0', '1.0.0'],
  },
  {
    what: 'a package that nothing imports any more is removed',
    async happens(app) {
      await rm(installed(app, 'second'), { recursive: true })
      await app.installationIs('without second')
    },
    gone: ['second'],
    // Vite itself looks into every package that it has bundled, and then bundles nothing until it is started anew.
    moments: ['before a warm start'],
  },
  {
    what: 'another server commits a cache of its own, as one may that is about to be closed by a restart',
    async happens(app) {
      await rm(path.join(app.deps, '_metadata.json'))
      const other = await app.start(addingAlone())
      await fetchWithDeps(other, '/src/second.js')
      await other.stop()
    },
    moments: ['while the server runs'],
  },
]

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

/** The same happens while the server runs and between two runs of it. */
const moments = {
  'while the server runs': { isWarm: false },
  'before a warm start': { isWarm: true },
}

for (const [moment, { isWarm }] of Object.entries(moments)) {
  describe(moment, () => {
    for (const { what, happens, core = '1.0.0', cores = [core], gone = [], moments: its = [moment] } of doubts) {
      if (!its.includes(moment)) continue
      test(what, async () => {
        const app = await smallApp()
        let server
        try {
          server = await app.start(addingAlone())
          let page = await openSmallApp(browser, server)
          await page.says('second', 'second with core 1.0.0')
          assert.equal(page.loads(), 0, 'a late dependency has been added')
          if (isWarm) {
            await page.close()
            await server.stop()
          }
          await happens(app)
          if (isWarm) {
            server = await app.start(addingAlone())
            page = await openSmallApp(browser, server)
          }
          for (const name of ['third', 'first', 'second', 'fourth'].filter((name) => !gone.includes(name))) {
            await page.says(name, `${name} with core ${core}`)
          }
          assert.deepEqual(await page.cores(), cores, server.log())
          assert.ok(page.loads() <= 1, `${page.loads()} page loads\n${server.log()}`)
          await page.close()
        } finally {
          await server?.stop()
          await app.remove()
        }
      })
    }
  })
}

/** An object cannot have what this one exports, so no later layer can reach it. */
const hidden = `globalThis.hiddens = (globalThis.hiddens ?? 0) + 1
export const token = {}
export { token as __proto__ }
`
/** Says what all packages say, and whether the hidden package is the one that others have. */
const userOfHidden = (name) => `import { version } from 'core'
import { token } from 'hidden'
globalThis.token ??= token
export const says = '${name} with core ' + version + (token === globalThis.token ? '' : ' and another hidden')
`

test('a module that cannot be reached does no harm until a late dependency needs it, and then once', async () => {
  const app = await smallApp()
  let server
  try {
    await writePackage(app.root, 'hidden', '1.0.0', hidden)
    await writePackage(app.root, 'first', '1.0.0', userOfHidden('first'))
    await writePackage(app.root, 'third', '1.0.0', userOfHidden('third'))
    server = await app.start(addingAlone())
    const page = await openSmallApp(browser, server)
    await page.says('first', 'first with core 1.0.0')
    for (const [name, loads] of [['second', 0], ['third', 1], ['fourth', 1]]) {
      await page.says(name, `${name} with core 1.0.0`)
      assert.equal(page.loads(), loads, `${name}\n${server.log()}`)
      // A page that is about to reload may still be given the new file, beside the old ones: Vite answers who has waited for the run.
      if (loads === 0) assert.deepEqual(page.wrong, [])
    }
    for (const name of ['first', 'second', 'third']) await page.says(name, `${name} with core 1.0.0`)
    assert.deepEqual(await page.cores(), ['1.0.0'])
    assert.equal(await page.counted('hiddens'), 1, 'the hidden module is there once')
    await page.close()
  } finally {
    await server?.stop()
    await app.remove()
  }
})

/** Packages that import each other, one of them by a name of its own, as `imports` in a package.json allow. */
async function importEachOther(app) {
  await writePackage(app.root, 'base', '1.0.0', "export { Base } from './base.js'\nexport { Derived } from '#derived'\n")
  await writePackage(app.root, 'derived', '1.0.0', "import { Base } from 'base'\nexport class Derived extends Base {}\n")
  const base = installed(app, 'base')
  await writeFile(path.join(base, 'base.js'), "import { version } from 'core'\nexport class Base { says = 'second with core ' + version }\n")
  const imports = { '#derived': 'derived' }
  await writeFile(path.join(base, 'package.json'), JSON.stringify({ name: 'base', version: '1.0.0', type: 'module', main: 'index.js', imports }))
  await writePackage(app.root, 'second', '1.0.0', "import { Derived } from 'base'\nexport const { says } = new Derived()\n")
}

test('packages that import each other, as only bundling tells, run in an order that is right', async () => {
  const app = await smallApp()
  let server
  try {
    await importEachOther(app)
    server = await app.start(addingAlone())
    const page = await openSmallApp(browser, server)
    await page.says('first', 'first with core 1.0.0')
    for (const name of ['second', 'third']) await page.says(name, `${name} with core 1.0.0`)
    assert.deepEqual({ loads: page.loads(), wrong: page.wrong, cores: await page.cores() }, { loads: 0, wrong: [], cores: ['1.0.0'] }, server.log())
    const files = (await readdir(app.deps)).filter((file) => file.includes('-L2-'))
    const withoutMap = files.filter((file) => file.endsWith('.js') && !files.includes(`${file}.map`))
    assert.deepEqual([files.length > 0, withoutMap], [true, []])
    await page.close()
  } finally {
    await server?.stop()
    await app.remove()
  }
})

test('what an excluded package has loaded is not added beside it: the page reloads, and has it once', async () => {
  const app = await smallApp()
  let server
  try {
    await writeFile(path.join(app.root, 'src/third.js'), "export { version as says } from 'core'\n")
    server = await app.start({ ...addingAlone(), EXCLUDE: 'first' })
    const page = await openSmallApp(browser, server)
    await page.says('second', 'second with core 1.0.0')
    assert.equal(page.loads(), 0, 'a late dependency has been added')
    await page.says('third', '1.0.0')
    for (const name of ['first', 'second', 'fourth']) await page.says(name, `${name} with core 1.0.0`)
    assert.deepEqual({ loads: page.loads(), cores: await page.cores() }, { loads: 1, cores: ['1.0.0'] }, server.log())
    await page.close()
  } finally {
    await server?.stop()
    await app.remove()
  }
})
