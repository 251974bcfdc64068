// The pages of docs/hosts show the files of apps that tests start, and name what is installed there. After a line that ends with a
// link and a colon comes the file's text, without what only the tests need.
import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

const folder = new URL('../../docs/hosts/', import.meta.url)
const read = (file) => readFile(new URL(file, folder), 'utf8')
const index = await read('README.md')
const pages = (await readdir(folder)).filter((name) => name !== 'README.md').toSorted()

/** A file as a user writes it: without comments, and with the package itself where a test has a stand-in for it. */
function asUserWrites(source) {
  const lines = source.split('\n').filter((line) => !line.endsWith('// test only') && !/^\s*(?:\/\/|\/\*\*.*\*\/$)/.test(line))
  return lines
    .join('\n')
    .replace(/'[./]+\/(?:apps\/setup\/stand-in|evenkeel)\.mjs'/, "'evenkeel'")
    .replaceAll(/\(\{\s*\}\)/g, '()')
}

/** The files that a page shows, each with its text. */
const shown = (page) => [...page.matchAll(/\]\(([^)]+)\):\n\n```js\n([\s\S]*?)```/g)].map(([, file, text]) => ({ file, text }))

/** All that is installed for the apps, as the pages write it. */
async function installed() {
  const manifests = ['tests', 'tests/hosts', 'tests/additive'].map((name) => read(`../../${name}/package.json`))
  const entries = (await Promise.all(manifests)).flatMap((text) => Object.entries(JSON.parse(text).dependencies))
  return new Set(entries.map(([name, version]) => `\`${name}\` ${version}`))
}

for (const name of pages) {
  describe(name, async () => {
    const page = await read(name)

    test('shows a config, and each as the tested app has it', async () => {
      const files = shown(page)
      assert.ok(files.length > 0, 'there is no config after a link to its file')
      assert.equal(files.length, page.split('```js\n').length - 1, 'a block does not follow a link to its file')
      for (const { file, text } of files) assert.equal(text, asUserWrites(await read(file)), file)
    })

    test('names versions that are installed there', async () => {
      const known = await installed()
      const named = page.match(/`[@\w/-]+` \d+\.\d+\.\d+/g) ?? []
      assert.ok(named.length > 0, 'it does not say what it was tested with')
      assert.deepEqual(named.filter((version) => !known.has(version)), [])
    })

    test('links to files that exist, and is linked from the index', async () => {
      for (const [, link] of page.matchAll(/\]\(([^)#]+)[^)]*\)/g)) await access(new URL(link, folder))
      assert.ok(index.includes(`](${name})`), 'the index lacks it')
    })
  })
}
