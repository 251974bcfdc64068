// Each package manager installs Evenkeel from a registry into a fresh app. The dev server starts, a late dependency is added, the
// commands, Neovim and the extension for VS Code find the program.
import assert from 'node:assert/strict'
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findBinary } from '../../clients/vscode/dist/modules/binary.js'
import { openNeovim } from '../e2e/lib/neovim.mjs'
import { startVite, writeApp } from './lib/app.mjs'
import { ask, configure, managers } from './lib/managers.mjs'
import { version } from './lib/packages.mjs'
import { sharedRegistry } from './lib/registry.mjs'
import { run } from './lib/run.mjs'

let registry
let neovim
before(async () => {
  registry = await sharedRegistry()
  neovim = await openNeovim({ env: { EVENKEEL_BINARY: undefined } })
  await neovim.lua('vim.opt.runtimepath:prepend((...))', fileURLToPath(new URL('../../clients/nvim', import.meta.url)))
})
after(() => neovim?.close())

for (const [name, manager] of Object.entries(managers)) {
  test(name, async () => {
    const root = path.join(registry.folder, name.replaceAll(/\W+/g, '-'))
    await writeApp(root)
    await configure(root, registry, path.join(registry.folder, 'caches'))
    await ask(manager, root, [...manager.add, `evenkeel@${version}`])

    const vite = await startVite(manager, root)
    try {
      assert.equal(await vite.get('home'), 'home function', vite.log())
      assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
      assert.match(vite.warnings().join('\n'), /ssr: added nanoid (?:\(.+\) )?in \d+ ms, nothing reloaded/, vite.log())

      const doctor = await ask(manager, root, [...manager.exec, 'evenkeel', 'doctor'], { mayFail: true })
      assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
      assert.match(doctor.stdout, /ok +vite 8\.3\.8, which is tested/)
      assert.ok(doctor.stdout.includes(`the npm package evenkeel ${version}`), doctor.stdout)
      assert.match(doctor.stdout, /ok +a dev server is running/)

      const { platform, arch } = process
      const forCode = findBinary({ configured: '', folders: [root], env: {}, platform, arch })
      const program = await neovim.lua("return require('evenkeel.binary').find((...))", path.join(root, 'src'))
      assert.ok(program.startsWith(registry.folder), `installed for the app, not on the PATH: ${program}`)
      assert.equal(await realpath(forCode), await realpath(program))
      assert.equal((await run(program, ['--version'])).stdout.trim(), `evenkeel ${version}`)

      const wrong = await ask(manager, root, [...manager.exec, 'evenkeel', 'nothing'], { mayFail: true })
      assert.equal(wrong.code, 2, `the exit code of the program: ${wrong.stderr}`)
    } finally {
      await vite.close()
    }
  })
}
