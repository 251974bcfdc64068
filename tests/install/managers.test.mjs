// Each package manager installs Evenkeel from a registry into a fresh app. The dev server starts, a late dependency is added.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startVite, writeApp } from './lib/app.mjs'
import { ask, configure, managers } from './lib/managers.mjs'
import { openRegistry } from './lib/registry.mjs'

let registry
before(async () => {
  registry = await openRegistry()
})
after(() => registry?.close())

for (const [name, manager] of Object.entries(managers)) {
  test(name, async () => {
    const root = path.join(registry.folder, name.replaceAll(/\W+/g, '-'))
    await writeApp(root)
    await configure(root, registry, path.join(registry.folder, 'caches'))
    await ask(manager, root, [...manager.add, 'evenkeel@0.1.0'])

    const vite = await startVite(manager, root)
    try {
      assert.equal(await vite.get('home'), 'home function', vite.log())
      assert.equal(await vite.get('late'), 'late aaaaa', vite.log())
      assert.match(vite.warnings().join('\n'), /ssr: added nanoid in \d+ ms, nothing reloaded/, vite.log())

      const doctor = await ask(manager, root, [...manager.exec, 'evenkeel', 'doctor'], { mayFail: true })
      assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
      assert.match(doctor.stdout, /ok +vite 8\.3\.8, which is tested/)
      assert.match(doctor.stdout, /ok +the npm package evenkeel 0\.1\.0/)
      assert.match(doctor.stdout, /ok +a dev server is running/)

      const wrong = await ask(manager, root, [...manager.exec, 'evenkeel', 'nothing'], { mayFail: true })
      assert.equal(wrong.code, 2, `the exit code of the program: ${wrong.stderr}`)
    } finally {
      await vite.close()
    }
  })
}
