// What is in the .vsix, and whether it is whole: VS Code has none of node_modules where an extension is installed.
import assert from 'node:assert/strict'
import { createRequire, isBuiltin } from 'node:module'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import vm from 'node:vm'
import yauzl from 'yauzl'

const require = createRequire(import.meta.url)
const files = await unzipped(process.argv[2])
const names = [...files.keys()].toSorted()

assert.deepEqual(names, [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/dist/extension.js',
  'extension/dist/timeline/page.css',
  'extension/dist/timeline/page.html',
  'extension/dist/timeline/page.js',
  'extension/package.json',
  'extension/readme.md',
])
const { main, activationEvents, contributes } = JSON.parse(files.get('extension/package.json'))
assert.equal(main, './dist/extension.js')
assert.ok(activationEvents.length > 0 && contributes.commands.length > 0)

const { activate, deactivate } = evaluated(files.get('extension/dist/extension.js'))
assert.deepEqual([typeof activate, typeof deactivate], ['function', 'function'])
console.log(`${process.argv[2]}: ${names.length} files, the extension loads`)

async function unzipped(file) {
  const zip = await promisify(yauzl.open)(file, { autoClose: false, lazyEntries: true })
  const open = promisify(zip.openReadStream.bind(zip))
  const found = new Map()
  await new Promise((resolve, reject) => {
    zip.on('error', reject).on('end', resolve)
    zip.on('entry', async (entry) => {
      found.set(entry.fileName, await text(await open(entry)))
      zip.readEntry()
    })
    zip.readEntry()
  })
  zip.close()
  return found
}

function evaluated(source) {
  const module = { exports: {} }
  const load = (name) => {
    if (name === 'vscode') return anything()
    assert.ok(isBuiltin(name), `${name} is required, which is not in the package`)
    return require(name)
  }
  vm.compileFunction(source, ['module', 'exports', 'require'])(module, module.exports, load)
  return module.exports
}

/** Stands in for `vscode`: whatever is looked up in it is a class with the same in it. */
function anything() {
  return new Proxy(class {}, {
    get: (target, name) => (name in target || typeof name === 'symbol' ? target[name] : anything()),
  })
}
