// A registry on loopback with what would be published; whatever else is asked for, it takes from the one that npm is configured to use.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../e2e/lib/free-port.mjs'
import { endWithUs } from '../../e2e/lib/process-group.mjs'
import { until } from '../../e2e/lib/waiting.mjs'
import { pack } from './packages.mjs'
import { end, run } from './run.mjs'

const script = (name) => fileURLToPath(new URL(`../../../clients/vite/scripts/${name}.mjs`, import.meta.url))
const verdaccio = fileURLToPath(new URL('../node_modules/verdaccio/bin/verdaccio', import.meta.url))

let opening

/** A folder outside the checkout, and in it a registry that has what would be published. One for all tests of a process. */
export const sharedRegistry = () => (opening ??= openRegistry())

after(() => opening?.then((registry) => registry.close(), () => {}))

async function openRegistry() {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-install-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const registry = await startRegistry(path.join(folder, 'registry'))
    await publish(registry, path.join(folder, 'packages'))
    return { ...registry, folder, close: () => registry.close().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

async function startRegistry(folder) {
  await mkdir(folder, { recursive: true })
  const upstream = (await run('npm', ['config', 'get', 'registry'])).stdout.trim()
  const config = path.join(folder, 'config.yaml')
  await writeFile(config, configFor(upstream))
  const port = await freePort()
  const args = [verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`]
  const server = endWithUs(spawn(process.execPath, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }))
  let log = ''
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  const url = `http://127.0.0.1:${port}/`
  const answers = () => fetch(`${url}-/ping`).then(({ ok }) => ok, () => false)
  await until('the registry answers', answers, { within: 90_000 }).catch(async ({ message }) => {
    await end(server)
    throw new Error(`${message}\n${log}`)
  })
  return { url, log: () => log, close: () => end(server) }
}

const configFor = (upstream) => `
storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
uplinks:
  upstream: { url: '${upstream}', timeout: 60s, max_fails: 20, maxage: 1h }
packages:
  'evenkeel': { access: $all, publish: $all }
  '@evenkeel/*': { access: $all, publish: $all }
  '**': { access: $all, proxy: upstream }
max_body_size: 100mb
log: { type: stdout, format: pretty, level: warn }
`

/** Publishes what `cargo xtask package` makes, by the script that the release runs. */
async function publish(registry, folder) {
  const packages = await pack(folder)
  const npmrc = path.join(folder, '.npmrc')
  await writeFile(npmrc, `${registry.url.replace('http:', '')}:_authToken=nobody\n`)
  const env = { ...process.env, npm_config_userconfig: npmrc }
  await run(process.execPath, [script('publish'), packages, `--registry=${registry.url}`, '--loglevel=error'], { env })
}
