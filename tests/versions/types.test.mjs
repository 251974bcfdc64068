// What a user's TypeScript says of a config with Evenkeel, the declarations of all packages included.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { folderOf, matrix } from './lib/stacks.mjs'

const config = `import { evenkeel, rwsdk } from 'evenkeel'
import { defineConfig } from 'vite'

export default defineConfig({ plugins: [evenkeel({ foresee: true, log: 'warn' }), rwsdk()] })
`
const compilerOptions = {
  module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], strict: true, noEmit: true, skipLibCheck: false, types: ['node'],
}

// Those that are tested most: the compilers are slow.
for (const stack of matrix.stacks.filter(({ coldStarts }) => coldStarts)) {
  describe(`Vite ${stack.vite}`, () => {
    for (const major of [5, 6, 7]) {
      test(`TypeScript ${major} finds nothing to complain about`, async () => {
        assert.equal(await check(stack, major, config), '')
      })
    }

    test('and does look', async () => {
      assert.match(await check(stack, 7, config.replace('true', "'yes'")), /vite\.config\.ts.*TS2322/)
    })
  })
}

/** What the compiler prints. */
async function check(stack, major, source) {
  const folder = await mkdtemp(path.join(folderOf(stack), '.tmp-types-'))
  try {
    await writeFile(path.join(folder, 'vite.config.ts'), source)
    await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }\n')
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['vite.config.ts'] }))
    const tsc = fileURLToPath(new URL(`node_modules/typescript-${major}/bin/tsc`, import.meta.url))
    return await new Promise((resolve) => execFile(process.execPath, [tsc, '-p', folder], { cwd: folder }, (_, stdout) => resolve(stdout)))
  } finally {
    await rm(folder, { recursive: true })
  }
}
