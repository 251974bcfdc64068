// Programs that Vite may find where the sidecar should be.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nodeBin } from './paths.mjs'
import { commandOf } from './processes.mjs'

/** Answers whatever it is asked first as a sidecar of a version that does not exist. */
const stranger = `
  process.stdin.once('data', () => {
    const capabilities = { experimental: { evenkeel: { protocolVersion: 999 } } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { capabilities } })
    process.stdout.write('Content-Length: ' + body.length + '\\r\\n\\r\\n' + body)
  })
  process.stdin.on('end', () => process.exit())
`

/** Paths of executables; `remove()` them. */
export async function standIns() {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-stand-ins-'))
  const script = async (name, text) => {
    const file = path.join(folder, name)
    await writeFile(file, text)
    await chmod(file, 0o755)
    return file
  }
  return {
    silent: await script('silent', `#!${nodeBin}\nsetInterval(() => {}, 600_000)\n`),
    stranger: await script('stranger', `#!${nodeBin}\n${stranger}`),
    owns: (pid) => commandOf(pid).includes(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
