// What may be lacking where Evenkeel is installed: each ends in one sentence that says what to type, and Vite goes on.
import assert from 'node:assert/strict'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { before, test } from 'node:test'
import { startVite, writeApp } from './lib/app.mjs'
import { ask, configure, managers } from './lib/managers.mjs'
import { platform, version } from './lib/packages.mjs'
import { sharedRegistry } from './lib/registry.mjs'
import { run } from './lib/run.mjs'

const { npm } = managers
const scope = (root, name = '') => path.join(root, 'node_modules/@evenkeel', name)
/** Whatever the test before has taken away. */
const mend = () => ask(npm, root, npm.install)
const command = (root) => ask(npm, root, [...npm.exec, 'evenkeel', 'doctor'], { mayFail: true })

let root
let registry
before(async () => {
  registry = await sharedRegistry()
  root = path.join(registry.folder, 'app')
  await writeApp(root, { dependencies: { evenkeel: version } })
  await configure(root, registry, path.join(registry.folder, 'caches'))
})

/** Vite's log and the command say the same sentence, once; pages are answered. */
async function isSaid(words) {
  const { code, stdout, stderr } = await command(root)
  // npm may have something to say of its own.
  const said = stderr.split('\n').filter((line) => line && !line.startsWith('npm warn'))
  assert.equal(said.length, 1, stderr)
  assert.match(said[0], words)
  assert.equal(code, 127, stdout)
  const vite = await startVite(npm, root)
  try {
    assert.equal(await vite.get('home'), 'home function', vite.log())
    assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
    assert.equal(vite.warnings().length, 1, vite.log())
    assert.match(vite.warnings()[0], words)
  } finally {
    await vite.close()
  }
}

test('a lockfile without the platform package, as npm may write one elsewhere: what the sentence says to type brings it', async () => {
  await mend()
  await rm(scope(root), { recursive: true })
  const lockfile = path.join(root, 'package-lock.json')
  const lock = JSON.parse(await readFile(lockfile, 'utf8'))
  for (const name of Object.keys(lock.packages)) if (name.includes('@evenkeel/')) delete lock.packages[name]
  await writeFile(lockfile, JSON.stringify(lock))
  const typed = `npm install --include=optional --save-optional @evenkeel/${platform}@${version}`
  await isSaid(new RegExp(`@evenkeel/${platform} is not installed, an optional dependency of evenkeel: run \`${typed}\``))

  await ask(npm, root, typed.split(' ').slice(1))
  const { code, stdout, stderr } = await command(root)
  assert.equal(code, 0, stdout + stderr)
})

test('packages of another system', async () => {
  await mend()
  const other = platform === 'darwin-arm64' ? 'linux-x64' : 'darwin-arm64'
  await rename(scope(root, platform), scope(root, other))
  await isSaid(new RegExp(`installed on another system, with @evenkeel/${other}, and this is ${platform}: run \`npm install`))
  await rm(scope(root, other), { recursive: true })
})

test('a system for which nothing is published', async () => {
  await mend()
  const file = path.join(root, 'node_modules/evenkeel/package.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  delete manifest.optionalDependencies[`@evenkeel/${platform}`]
  await rm(scope(root), { recursive: true })
  await writeFile(file, JSON.stringify(manifest))
  await isSaid(new RegExp(`there is no package with the sidecar for ${platform}: run \`cargo install evenkeel\``))
  await rm(path.join(root, 'node_modules'), { recursive: true })
})

test('without a registry, what is installed goes on', async () => {
  await mend()
  const offline = { env: { npm_config_registry: 'http://127.0.0.1:9/' } }
  const vite = await startVite(npm, root, offline)
  try {
    assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
    const { code, stdout, stderr } = await ask(npm, root, [...npm.exec, 'evenkeel', 'doctor'], { mayFail: true, ...offline })
    assert.equal(code, 0, stdout + stderr)
  } finally {
    await vite.close()
  }
})

/** The rights of files do not bind root, unless that is given up. */
const bound = process.getuid() === 0 ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override'] : []

test('a read-only node_modules: Vite needs a cache elsewhere, as one sentence says, and with one all is well', async () => {
  await mend()
  const manager = { ...npm, program: [...bound, ...npm.program] }
  const modules = path.join(root, 'node_modules')
  for (const name of ['.vite', '.vite-temp']) await rm(path.join(modules, name), { recursive: true, force: true })
  await run('chmod', ['-R', 'a-w', modules])
  try {
    const helpless = await startVite(manager, root)
    await helpless.close()
    assert.equal(helpless.warnings().length, 1, helpless.log())
    assert.match(helpless.warnings()[0], /node_modules may not be written: set `cacheDir` in the Vite config to a folder that may/)

    const vite = await startVite(manager, root, { env: { CACHE_DIR: path.join(registry.folder, 'vite-cache') } })
    try {
      assert.equal(await vite.get('home'), 'home function', vite.log())
      assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
      assert.match(vite.warnings().join('\n'), /ssr: added nanoid (?:\(.+\) )?in \d+ ms, nothing reloaded/, vite.log())
    } finally {
      await vite.close()
    }
  } finally {
    await run('chmod', ['-R', 'u+w', modules])
  }
})
