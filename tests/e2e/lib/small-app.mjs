// An app with packages of its own that a test may update, patch, remove or link elsewhere, and a page that tells what it runs.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { startApp } from './app.mjs'
import { appsFolder } from './paths.mjs'
import { until } from './waiting.mjs'
import { write } from './write.mjs'

/** What others import. It counts how many copies of it a page runs. */
const core = (version) => `globalThis.cores = [...(globalThis.cores ?? []), '${version}']\nexport const version = '${version}'\n`

/** What the app imports. */
const user = (name) => `import { version } from 'core'\nexport const says = '${name} with core ' + version\n`

const codeOf = (name, version) => (name === 'core' ? core(version) : user(name))

/** The files of an app that imports the first of these packages from the beginning, and the others late. */
const filesFor = (users) => ({
  'package.json': '{ "name": "small-app", "private": true, "type": "module" }\n',
  'index.html': '<!doctype html>\n<title>small</title>\n<script type="module" src="/src/main.js"></script>\n',
  'src/main.js': `import { says } from '${users[0]}'
import { pages } from 'virtual:pages'

globalThis.pages = { ${users[0]}: async () => ({ says }), ...pages }
`,
  ...Object.fromEntries(users.map((name) => [`src/${name}.js`, `export { says } from '${name}'\n`])),
  'vite.config.mjs': `import { cpuTime } from '../setup/cpu-time.mjs'
import { evenkeelPlugin } from '../setup/evenkeel.mjs'

// Vite's scanner does not look into it: what the pages import is late.
const pageList = {
  name: 'fixture:page-list',
  resolveId: (id) => (id === 'virtual:pages' ? '\\0' + id : undefined),
  load: (id) => (id === '\\0virtual:pages' ? \`export const pages = { ${users
    .slice(1)
    .map((name) => `${name}: () => import('/src/${name}.js')`)
    .join(', ')} }\` : undefined),
}

const excluded = { name: 'fixture:excluded', config: () => ({ optimizeDeps: { exclude: process.env.EXCLUDE?.split(',') } }) }

export default async () => ({
  clearScreen: false,
  plugins: [pageList, excluded, cpuTime(), process.env.EVENKEEL && (await evenkeelPlugin(process.env.EVENKEEL_OPTIONS))],
})
`,
})

/**
 * Writes the app; `start()` it as often as you like, its cache stays. One that is not `installed` leaves that to a package manager,
 * which takes its packages from what `pack()` gives.
 */
export async function smallApp(users = ['first', 'second', 'third', 'fourth'], { installed = true } = {}) {
  const root = await mkdtemp(path.join(appsFolder, '.tmp-small-'))
  const app = {
    root,
    cache: path.join(root, 'node_modules/.vite'),
    deps: path.join(root, 'node_modules/.vite/deps'),
    /** Writes a package, or another version of it. */
    install: (name, version = '1.0.0') => writePackage(root, name, version, codeOf(name, version)),
    /** Writes a package as a registry keeps it; gives its path. */
    pack: (name, version = '1.0.0') => pack(root, name, version),
    /** What npm leaves behind, and Vite looks at to see whether anything was installed. */
    installationIs: (name) => write(path.join(root, 'node_modules/.package-lock.json'), `${JSON.stringify({ lockfileVersion: 3, name })}\n`),
    start: (env) => startApp({ root, cacheDir: app.cache, env }),
    remove: () => Promise.all([root, packedFor(root)].map((folder) => rm(folder, { recursive: true, force: true }))),
  }
  for (const [name, content] of Object.entries(filesFor(users))) await write(path.join(root, name), content)
  if (!installed) return app
  await app.installationIs('at first')
  for (const name of ['core', ...users]) await app.install(name)
  return app
}

/** Puts a package into a folder's node_modules. */
export function writePackage(root, name, version, code) {
  return writePackageFiles(path.join(root, 'node_modules', name), name, version, code)
}

async function writePackageFiles(folder, name, version, code) {
  const peerDependencies = name === 'core' ? {} : { core: '*' }
  await write(path.join(folder, 'package.json'), `${JSON.stringify({ name, version, type: 'module', main: 'index.js', peerDependencies })}\n`)
  await write(path.join(folder, 'index.js'), code)
}

export const coreOf = core

const packedFor = (root) => `${root}-packed`

async function pack(root, name, version) {
  // Beside the app's folder, which Vite watches.
  const file = path.join(packedFor(root), `${name}-${version}`)
  await writePackageFiles(path.join(file, 'package'), name, version, codeOf(name, version))
  await promisify(execFile)('tar', ['-czf', `${file}.tgz`, '-C', file, 'package'])
  return `${file}.tgz`
}

/** Opens the app's page; `loads()` are those after the first. */
export async function openSmallApp(browser, server) {
  const tab = await browser.openTab()
  const wrong = []
  await tab.page.goto(`${server.url}/`)
  return {
    /** Resolves once a page of the app says this, through any number of reloads. */
    async says(name, expected) {
      let last
      const ask = async () => {
        // A page that is reloaded under the question gives no answer.
        const answer = await tab.page.evaluate(asked, name).catch(() => undefined)
        if (answer !== undefined) last = answer
        if (answer !== undefined && answer !== expected) wrong.push(answer)
        return answer === expected
      }
      await until(`${name} says "${expected}"`, ask, { every: 50, within: 10_000 }).catch(({ message }) => {
        throw new Error(`${message}; it says "${last}"\n${server.log()}`)
      })
    },
    /** Asks once; what it says, if the page stays as it is meanwhile. */
    open: (name) => tab.page.evaluate(asked, name),
    /** What pages have said before they said what was expected. */
    wrong,
    /** The versions of `core` that the page has run since it was loaded. */
    cores: () => tab.page.evaluate(() => globalThis.cores),
    /** What the packages of the page have counted under a global name. */
    counted: (name) => tab.page.evaluate((global) => globalThis[global], name),
    loads: () => tab.documents.length - 1,
    close: () => tab.page.close(),
  }
}

/** Runs in the page. A module that never comes is an answer, too. */
async function asked(name) {
  if (!globalThis.pages) return undefined
  const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'nothing for 5 seconds'))
  const answer = globalThis.pages[name]().then(
    ({ says }) => says,
    ({ message }) => message,
  )
  return Promise.race([answer, late])
}
