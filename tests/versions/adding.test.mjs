// Each Vite bundles late dependencies as further layers: pages that are late reload nothing, with all other lines of defence
// turned off.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { getPages, keyOf } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { addingAlone } from '../e2e/lib/guarded.mjs'
import { inodesIn, rewrittenIn } from '../e2e/lib/inodes.mjs'
import { isRight, visit, visitAll } from '../e2e/lib/visit.mjs'
import { onePerVite, openStack } from './lib/stacks.mjs'

for (const stack of onePerVite) {
  describe(`Vite ${stack.vite}`, () => {
    let opened
    before(async () => (opened = await openStack(stack)))
    after(() => opened?.remove())

    test('without Evenkeel late pages reload', async () => {
      assert.notEqual((await visitLatePages(opened, { EVENKEEL: 'off' }, getPages.slice(0, 2))).reloads, 0)
    })

    test('late pages are added: every first answer is right, nothing is reloaded or written once more, and files have source maps and no import for nothing', async () => {
      const { wrong, reloads, rewritten, log, mapped, unused } = await visitLatePages(opened, addingAlone())
      assert.deepEqual({ wrong, reloads, rewritten, unused }, { wrong: [], reloads: 0, rewritten: [], unused: [] }, log)
      const dependencies = getPages.map(({ dep }) => dep)
      const isMapped = (dep) => mapped.some((source) => source.includes(`/node_modules/${dep}/`))
      assert.deepEqual(dependencies.filter((dep) => !isMapped(dep)), [])
    })
  })
}

async function visitLatePages(stack, env, pages = getPages) {
  const server = await startApp({ app: 'late', stack, env })
  try {
    const deps = path.join(server.cacheDir, 'deps_ssr')
    const [first, ...others] = pages
    const results = await visitAll(server, [first])
    const committed = await inodesIn(deps)
    results.push(...(await visitAll(server, others)))
    const { ssr } = JSON.parse((await visit(server, '/__reloads')).text)
    const wrong = results.filter((result) => !isRight(result.page, result))
    return { wrong: wrong.map(({ page, status, text }) => [keyOf(page), status, text.slice(0, 300)]), reloads: ssr, rewritten: await rewrittenIn(deps, committed), log: server.log(), mapped: await sourcesIn(server.cacheDir), unused: await unusedHelpersIn(deps) }
  } finally {
    await server.stop()
  }
}

/** The sources that the source maps of layers name, by their paths. Browsers and debuggers look for a map beside its file. */
async function sourcesIn(cacheDir) {
  const files = await readdir(cacheDir, { recursive: true })
  const maps = files.filter((file) => /-L\d+-.*\.js\.map$/.test(file) && files.includes(file.slice(0, -'.map'.length)))
  const sourcesOf = async (map) => JSON.parse(await readFile(map, 'utf8')).sources.map((source) => path.resolve(map, '..', source))
  return (await Promise.all(maps.map((file) => sourcesOf(path.join(cacheDir, file))))).flat()
}

/** What files import of Rolldown's runtime and do not use. A module runner asks the server for each import. */
async function unusedHelpersIn(deps) {
  const files = (await readdir(deps)).filter((file) => file.endsWith('.js'))
  const unused = files.map(async (file) => {
    const code = await readFile(path.join(deps, file), 'utf8')
    const [, imported = ''] = /^import \{ (.*) \} from "\.\/rolldown-runtime/m.exec(code) ?? []
    const names = imported.split(', ').map((name) => name.split(' as ').at(-1))
    return names.filter((name) => code.split(name).length === 2).map((name) => `${name} in ${file}`)
  })
  return (await Promise.all(unused)).flat()
}
