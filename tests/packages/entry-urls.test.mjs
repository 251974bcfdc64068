// Browsers keep an entry for good under its URL. So two caches must not have the same URL for entries that are not the same: a page
// would get files of the one by its own cache, and of the other from the server.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { adding, withApp } from './lib/random-app.mjs'

const files = {
  'core/package.json': JSON.stringify({ name: 'core', version: '1.0.0', type: 'module' }),
  'core/index.js': 'export const core = {}',
  'user/package.json': JSON.stringify({ name: 'user', version: '1.0.0', type: 'module' }),
  'user/index.js': `export { core } from 'core'`,
}
const late = ['core', 'user']

test('after the cache has been made anew, its entries have other URLs', () =>
  withApp({ files, late }, async ({ root, serveToBrowser }) => {
    const start = () => entriesOf(() => serveToBrowser(adding()))
    await start()
    const warm = await start()
    assert.deepEqual(await start(), warm, 'a cache that is as it was has its URLs')
    await rm(path.join(root, 'node_modules/.vite'), { recursive: true })
    await start()
    const anew = await start()
    for (const [id, { url, code }] of Object.entries(anew)) {
      const same = Object.values(warm).find((entry) => entry.url === url)
      if (same) assert.equal(code, same.code, `${id} is another file at ${url}`)
    }
    assert.equal(Object.keys(anew).length, late.length)
  }))

/** What a page is told of each dependency: its entry's URL, and what is there. */
async function entriesOf(serve) {
  const server = await serve()
  try {
    const entries = {}
    for (const id of late) {
      const importer = await (await fetch(new URL(server.urlOf(id), server.url))).text()
      const [, url] = /from "([^"]*\/deps\/[^"]*)"/.exec(importer) ?? assert.fail(importer)
      const response = await fetch(new URL(url, server.url))
      assert.equal(response.headers.get('cache-control'), 'max-age=31536000,immutable')
      const code = await response.text()
      entries[id] = { url, code: code.replace(/\n\/\/# sourceMappingURL.*/, '') }
    }
    return entries
  } finally {
    await server.close()
  }
}
