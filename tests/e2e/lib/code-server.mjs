import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './free-port.mjs'
import { nodeBin } from './paths.mjs'
import { endWithUs, killGroup } from './process-group.mjs'
import { settles, until } from './waiting.mjs'

const entry = fileURLToPath(new URL('../../editors/node_modules/code-server/out/node/entry.js', import.meta.url))

/** Nothing that comes between a test and its editor, and nothing over the network. */
const quiet = {
  'chat.disableAIFeatures': true,
  'editor.autoClosingBrackets': 'never',
  'editor.autoIndent': 'none',
  'extensions.autoCheckUpdates': false,
  'files.autoSave': 'off',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
}

/** VS Code for a browser, on loopback, with an extension and nothing of its user's. */
export async function startCodeServer({ extension, settings = {} }) {
  const home = await mkdtemp(path.join(tmpdir(), 'evenkeel-code-server-'))
  const folders = ['--user-data-dir', path.join(home, 'data'), '--extensions-dir', path.join(home, 'extensions')]
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home }
  const userSettings = path.join(home, 'data/User/settings.json')
  await mkdir(path.dirname(userSettings), { recursive: true })
  await writeFile(userSettings, JSON.stringify({ ...quiet, ...settings }))
  await promisify(execFile)(nodeBin, [entry, ...folders, '--install-extension', extension], { env })

  const port = await freePort()
  const off = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override']
  const child = spawn(nodeBin, [entry, ...folders, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...off], {
    env,
    // Its own group, so that the last resort reaches the extension hosts.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithUs(child)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  const exited = once(child, 'exit')
  exited.catch(() => {})

  async function stop() {
    child.kill('SIGTERM')
    if (!(await settles(exited, 10_000))) killGroup(child)
    await exited
    await rm(home, { recursive: true, force: true })
  }

  try {
    await Promise.race([
      until('code-server listens', () => log.includes('HTTP server listening on')),
      exited.then(([code]) => Promise.reject(new Error(`code-server ended (${code}):\n${log}`))),
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    pid: child.pid,
    log: () => log,
    /** Where a folder is opened, with a file in it. */
    urlOf(folder, file) {
      const remote = `vscode-remote://127.0.0.1:${port}${path.join(folder, file)}`
      const query = new URLSearchParams({ folder, payload: JSON.stringify([['openFile', remote]]) })
      return `http://127.0.0.1:${port}/?${query}`
    },
    stop,
  }
}
