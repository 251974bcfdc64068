import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { until } from './waiting.mjs'

const run = promisify(execFile)

/** A Neovim without a screen and without its user's configuration, driven over its socket. */
export async function openNeovim({ program = 'nvim', cwd, env = {} }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-nvim-'))
  const socket = path.join(folder, 'socket')
  // Its own state, too: another Neovim's swap files would make it ask questions.
  const own = Object.fromEntries(['CONFIG', 'DATA', 'STATE', 'CACHE'].map((kind) => [`XDG_${kind}_HOME`, folder]))
  const child = spawn(program, ['--headless', '--clean', '-n', '--listen', socket], {
    cwd,
    env: { ...process.env, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text))
  const exited = once(child, 'exit')
  exited.catch(() => {})

  // What was installed from PyPI is a script that runs the program: one start of Python is enough.
  let remote = program

  /** What the body of a Lua function returns; `arguments_` are its `...`. */
  async function lua(body, ...arguments_) {
    const call = `vim.json.encode({ (function(...) ${body.replaceAll('\n', ' ')} end)(unpack(vim.json.decode(_A))) })`
    const expression = `luaeval(${quoted(call)}, ${quoted(JSON.stringify(arguments_))})`
    const { stdout, stderr } = await run(remote, ['--server', socket, '--remote-expr', expression])
    // Where the answer goes depends on Neovim's version.
    return JSON.parse(stdout || stderr)[0]
  }

  async function close() {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await Promise.race([
      until('Neovim listens', () => lua('return true').catch(() => false), { every: 50 }),
      exited.then(([code]) => Promise.reject(new Error(`Neovim ended (${code}):\n${printed}`))),
    ])
    remote = await lua('return vim.v.progpath')
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
  return { lua, close, pid: child.pid, printed: () => printed }
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`
