// Packages that are installed as the soak goes, so that there is always one that Vite has not met. They are where a package
// manager puts them, below node_modules: only there does Vite pre-bundle.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Each uses React, and a file of the package before it. Bundled together the two have a chunk in common, which changes
 * the older one: that is what makes Vite reload.
 */
export class Packages {
  #root
  #random
  #made = 0

  constructor(root, random) {
    this.#root = root
    this.#random = random
  }

  /** A name that nobody has installed yet. */
  name() {
    const number = ++this.#made
    return { number, name: `soak-late-${number}`, says: `late ${number} says 42` }
  }

  async install({ number, name, says }) {
    const folder = path.join(this.#root, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    // The one before may be one that is missing on purpose.
    const shared = number > 1 && this.#installed.has(number - 1) ? `soak-late-${number - 1}/inner.js` : undefined
    const { files, type } = this.#random.of([commonJs, esModules])(says, shared)
    const manifest = { name, version: '1.0.0', type, main: './index.js' }
    await Promise.all([
      writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest)),
      ...Object.entries(files).map(([file, text]) => writeFile(path.join(folder, file), text)),
    ])
    this.#installed.add(number)
  }

  #installed = new Set()
}

const inner = (says) => `says: ${JSON.stringify(says)}, filler: ${JSON.stringify('even keel '.repeat(200))}`

function commonJs(says, shared) {
  return {
    type: 'commonjs',
    files: {
      'inner.js': `module.exports = { ${inner(says)} }\n`,
      'index.js': `const { useState } = require('react')
const inner = require('./inner.js')
${shared ? `exports.before = require('${shared}')` : ''}
exports.useLate = function useLate() { return useState(inner.says)[0] }
`,
    },
  }
}

function esModules(says, shared) {
  return {
    type: 'module',
    files: {
      'inner.js': `export default { ${inner(says)} }\n`,
      'index.js': `import { useState } from 'react'
import inner from './inner.js'
${shared ? `export { default as before } from '${shared}'` : ''}
export function useLate() { return useState(inner.says)[0] }
`,
    },
  }
}
