// Packages that a seed makes up, added late one after another, and what their importers see: the same as of stock Vite that has bundled
// all of them at once. `RANDOM_SEEDS=1-500` looks at others than the first.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { randomPackages } from './lib/random-packages.mjs'
import { createLogger, createServer, evenkeel } from './lib/vite.mjs'

const [first, last = first] = (process.env.RANDOM_SEEDS ?? '1-60').split('-').map(Number)

for (let seed = first; seed <= last; seed++) {
  test(`seed ${seed}`, async () => {
    const packages = randomPackages(seed)
    const stock = await imported(packages, { include: packages.late })
    const late = await imported(packages, { plugins: [evenkeel({ foresee: false, hold: false, recover: false, log: 'silent' })] })
    assert.deepEqual(late.answers, stock.answers)
    assert.deepEqual(late.ran.filter((id, at) => late.ran.indexOf(id) !== at), [], 'these modules have run twice')
    // Stock runs some CommonJS that nobody has required: all of a file that is also imported dynamically.
    const missing = stock.ran.filter((id) => !late.ran.includes(id) && !id.endsWith('required'))
    assert.deepEqual(missing, [], 'these modules have not run')
    assert.equal(late.reloads, 0)
  })
}

/** What a server's module runner sees of all that is late, one after another. */
async function imported({ files, late }, { plugins, include }) {
  const root = await mkdtemp(fileURLToPath(new URL('.tmp-random-', import.meta.url)))
  try {
    for (const [file, code] of Object.entries(files)) await write(path.join(root, 'node_modules', file), code)
    await write(path.join(root, 'package.json'), '{ "type": "module" }')
    await Promise.all(late.map((id, at) => write(path.join(root, `${at}.mjs`), `export * as all from ${JSON.stringify(id)}\n`)))
    const server = await createServer({
      root,
      configFile: false,
      appType: 'custom',
      customLogger: createLogger('silent'),
      plugins,
      server: { middlewareMode: true, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true },
      environments: { ssr: { resolve: { noExternal: true }, optimizeDeps: { noDiscovery: false, include } } },
    })
    return await ask(server, late).finally(() => server.close())
  } finally {
    await rm(root, { recursive: true })
  }
}

async function ask({ environments: { ssr } }, late) {
  globalThis.ran = []
  const reloads = countReloads(ssr.hot)
  const answers = {}
  for (const [at, id] of late.entries()) answers[id] = await shown((await ssr.runner.import(`/${at}.mjs`)).all)
  return { answers, ran: globalThis.ran, reloads: reloads() }
}

function countReloads(hot) {
  let count = 0
  const { send } = hot
  hot.send = function (message, ...rest) {
    if (message?.type === 'full-reload') count++
    return send.call(this, message, ...rest)
  }
  return () => count
}

/**
 * Everything that a namespace has, called and constructed; but for what stock's entries also export because other entries of the bundle
 * need it, under names of one or two letters.
 */
async function shown(all) {
  const names = Object.keys(all).filter((name) => name !== 'module.exports' && name.length > 2).sort()
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await shownValue(all[name])])))
}

async function shownValue(value) {
  if (typeof value === 'object' && value) return shown(value)
  if (typeof value !== 'function') return value
  return String(value).startsWith('class') ? { constructs: { ...new value() } } : { returns: await value(), ...(await shown(value)) }
}

async function write(file, content) {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
}
