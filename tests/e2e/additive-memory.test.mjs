// Rolldown keeps a hook of each build for ever, so a layer must not be kept by the hooks of its build: a server that bundles often
// would keep every version of its dependencies.
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
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
  // A module in no package, between two of one.
  await mkdir(path.join(folder, 'node_modules/ring'))
  await writeFile(path.join(folder, 'node_modules/ring/package.json'), '{ "name": "ring", "type": "module" }')
  await writeFile(path.join(folder, 'node_modules/ring/base.js'), 'export class Base {}\n')
  await writeFile(path.join(folder, 'node_modules/ring/index.js'), "import { Derived } from '../../between.js'\nexport const made = new Derived()\n")
  await writeFile(path.join(folder, 'between.js'), "import { Base } from 'ring/base.js'\nexport class Derived extends Base {}\n")
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
    lookAt: () => undefined,
    describe: () => ({}),
    bundled: async (layer) => void (seen.layer = new WeakRef(layer)),
    failed: (error) => void (seen.error = error.message),
  }
  const again = async () => {
    seen.again = true
    return rolldown
  }
  const build = await rolldown(layerOptions({ logLevel: 'silent' }, { run, rolldown: again, excluded: [] }))
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

const builds = [
  { how: 'has ended,', code: 'export const one = 1\n', isDoneAgain: false },
  {
    how: 'has been done once more, because its chunks imported each other,',
    code: "export { made } from 'ring/index.js'\n",
    isDoneAgain: true,
  },
]

for (const { how, code, isDoneAgain } of builds) {
  test(`when a build ${how} its plan and its layer are let go`, async () => {
    const { plan, layer, again = false } = await bundle('right', code, true)
    assert.equal(again, isDoneAgain)
    assert.ok(layer, 'the layer was bundled')
    assert.ok(await collected(layer), 'the layer is kept')
    assert.ok(await collected(plan), 'the plan is kept')
  })
}

test('when a build has failed, too', async () => {
  const { plan } = await bundle('wrong', "import './nowhere.js'\nexport const = 1\n", false)
  assert.ok(await collected(plan), 'the plan is kept')
})
