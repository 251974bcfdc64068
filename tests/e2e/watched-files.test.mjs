// Tailwind has Vite watch every file that may name a class: the app's server side, its tests, the config. Vite's module graph has each
// of them as an import of the stylesheet. The page imports none of them, and nobody may bundle for it what they import.
import assert from 'node:assert/strict'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { untilIdle } from '../bench/lib/vite-work.mjs'
import { openBrowser } from './lib/browser.mjs'
import { keepsState, lateDependencies, leaveState, meet, openClient, startClientApp } from './lib/client-app.mjs'
import { defaults } from './lib/guarded.mjs'
import { reloads } from './lib/log.mjs'
import { until } from './lib/waiting.mjs'

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

for (const [title, env, adds] of [
  ['without Evenkeel', {}, false],
  ['with Evenkeel', defaults(), true],
]) {
  describe(title, () => {
    let seen
    before(async () => (seen = await work({ ...env, TAILWIND: '1' })))

    test('Tailwind has found the class of a file that the page does not import', () => assert.ok(seen.hasClass, seen.log))
    test('what such a file imports is not bundled for the page', () => assert.deepEqual(seen.bundledForServer, [], seen.log))
    test('the page loses nothing when such files are saved again and again', () => assert.deepEqual(seen.lost, [], seen.log))
    test('the optimizer never fails', () => assert.doesNotMatch(seen.log, /error while updating dependencies/))

    if (adds) {
      test('a late dependency is added beside it', () => {
        const { shown, kept, reloads, trouble } = seen
        assert.deepEqual({ shown, kept, reloads, trouble }, { shown: true, kept: true, reloads: 0, trouble: [] })
      })
    }
  })
}

const className = 'w-[421px]'
const serverOnly = ['vite', '@vitejs/plugin-react']
/** Comes with a save: a page that is open meets what it imports, and Evenkeel looks for what else the saved file leads to. */
const saved = lateDependencies.find(({ by }) => by === 'save')

/** A stylesheet in front of all that the page imports, and a file of a server beside it. */
async function prepare(root) {
  const main = path.join(root, 'src/main.jsx')
  await writeFile(main, `import './styles.css'\n${await readFile(main, 'utf8')}`)
  await writeFile(path.join(root, 'src/styles.css'), '@import "tailwindcss" source("..");\n')
  await writeFile(path.join(root, 'NOTES.md'), `Use ${className}.\n`)
  await writeFile(path.join(root, 'server.mjs'), `import { createServer } from 'vite'\nexport const page = ['${className}', createServer]\n`)
}

/** Saves files that are only watched, each twice: the first save may make a module of it. Returns after which the page was another one. */
async function saveWatched(app, tab) {
  const lost = []
  for (const file of ['server.mjs', 'NOTES.md']) {
    for (const nth of ['first', 'second']) {
      const updates = () => app.log().match(/hmr update|page reload/g)?.length ?? 0
      const before = updates()
      await appendFile(path.join(app.root, file), `// ${nth}\n`)
      await until(`Vite has heard of the ${nth} save of ${file}`, () => updates() > before)
      await untilIdle(app)
      if (await keepsState(tab)) continue
      lost.push(`${nth} save of ${file}`)
      await leaveState(tab)
    }
  }
  return lost
}

async function work(env) {
  const app = await startClientApp({ env, prepare })
  try {
    const tab = await openClient(browser, app)
    const lost = await saveWatched(app, tab)
    const shown = await meet(app, tab, saved)
    await untilIdle(app)
    const css = await tab.page.evaluate(() => [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join())
    const { optimized } = JSON.parse(await readFile(path.join(app.cacheDir, 'deps/_metadata.json'), 'utf8'))
    const bundledForServer = Object.keys(optimized).filter((dep) => serverOnly.includes(dep))
    const seen = { shown, lost, kept: await keepsState(tab), hasClass: css.includes('421px'), bundledForServer }
    await tab.page.close()
    return { ...seen, trouble: tab.trouble, reloads: reloads(app.log()), log: app.log() }
  } finally {
    await app.stop()
  }
}
