// Each Vite bundles late dependencies as further layers: pages that are late reload nothing, with all other lines of defence
// turned off.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { getPages, keyOf } from '../apps/pages/table.mjs'
import { startApp } from '../e2e/lib/app.mjs'
import { addingAlone } from '../e2e/lib/guarded.mjs'
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

    test('late pages are added: every first answer is right, and nothing reloads', async () => {
      const { wrong, reloads, log } = await visitLatePages(opened, addingAlone())
      assert.deepEqual({ wrong, reloads }, { wrong: [], reloads: 0 }, log)
    })
  })
}

async function visitLatePages(stack, env, pages = getPages) {
  const server = await startApp({ app: 'late', stack, env })
  try {
    const results = await visitAll(server, pages)
    const { ssr } = JSON.parse((await visit(server, '/__reloads')).text)
    const wrong = results.filter((result) => !isRight(result.page, result))
    return { wrong: wrong.map(({ page, status, text }) => [keyOf(page), status, text.slice(0, 300)]), reloads: ssr, log: server.log() }
  } finally {
    await server.stop()
  }
}
