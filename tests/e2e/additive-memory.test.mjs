// Rolldown keeps a hook of each build for ever, so a layer must not be kept by the hooks of its build: a server that bundles often
// would keep every version of its dependencies.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { newManifest, planLayer } from '../../clients/vite/dist/additive/layer-plan.js'
import { layerOptions } from '../../clients/vite/dist/additive/layer-rolldown.js'
import { rolldown } from '../node_modules/rolldown/dist/index.mjs'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

let folder
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'layers-'))
  const fixtures = fileURLToPath(new URL('../packages/fixtures', import.meta.url))
  await cp(fixtures, path.join(folder, 'node_modules/@fixture'), { recursive: true })
})
after(() => rm(folder, { recursive: true, force: true }))

/** Bundles one module as a layer; gives what remains of the run's plan and of its layer. */
async function bundle(name, code, isRight) {
  const entry = path.join(folder, `${name}.js`)
  await writeFile(entry, code)
  const seen = {}
  const plan = planLayer(newManifest(), { [name]: entry })
  const run = {
    plan,
    describe: () => ({}),
    bundled: async (layer) => void (seen.layer = new WeakRef(layer)),
    failed: (error) => void (seen.error = error.message),
  }
  const build = await rolldown(layerOptions({ logLevel: 'silent' }, { run, rolldown: async () => rolldown, excluded: [] }))
  const dir = path.join(folder, 'out')
  await build.write({ format: 'esm', dir }).then(
    () => assert.ok(isRight),
    () => assert.ok(!isRight && seen.error),
  )
  await build.close()
  if (isRight) assert.ok((await readdir(dir)).includes(`${name}.js`))
  return { plan: new WeakRef(plan), ...seen }
}

async function collected(reference) {
  for (let attempt = 0; attempt < 50 && reference.deref(); attempt++) {
    await sleep(20)
    collect()
  }
  return reference.deref() === undefined
}

const codes = {
  'has ended,': 'export const one = 1\n',
  'has been done once more, because its chunks imported each other,': "export { Derived } from '@fixture/pair-base'\n",
}

for (const [how, code] of Object.entries(codes)) {
  test(`when a build ${how} its plan and its layer are let go`, async () => {
    const { plan, layer } = await bundle('right', code, true)
    assert.ok(layer, 'the layer was bundled')
    assert.ok(await collected(layer), 'the layer is kept')
    assert.ok(await collected(plan), 'the plan is kept')
  })
}

test('when a build has failed, too', async () => {
  const { plan } = await bundle('wrong', "import './nowhere.js'\nexport const = 1\n", false)
  assert.ok(await collected(plan), 'the plan is kept')
})
